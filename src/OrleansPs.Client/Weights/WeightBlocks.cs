using OrleansPs.Core.Blocks;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Client;

/// <summary>The blocks of a model that begins with given values.</summary>
/// <remarks>One call at a time, for the source allows no more.</remarks>
public sealed class WeightBlocks
{
    private readonly ModelSpec _spec;
    private readonly IWeightSource _weights;
    private readonly HashSet<string> _loaded;

    /// <summary>Holds the values against the spec.</summary>
    /// <param name="spec">The model's spec, valid.</param>
    /// <param name="weights">Where the values come from.</param>
    /// <param name="options">Whether everything must match.</param>
    /// <exception cref="WeightMismatchException">Something does not match, and must.</exception>
    public WeightBlocks(ModelSpec spec, IWeightSource weights, LoadOptions options)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(options);
        (_spec, _weights) = (spec, weights);
        Report = ParameterMatch.Of(spec, weights.Tensors);
        if (!options.Partial && !Report.IsComplete) throw new WeightMismatchException(spec.Name, Report.Differences);
        _loaded = Report.Loaded.ToHashSet(StringComparer.Ordinal);
        Shapes = BlockLayout.Create(spec).Blocks;
    }

    /// <summary>What is loaded, and what is not.</summary>
    public LoadReport Report { get; }

    /// <summary>The blocks' shapes, by index.</summary>
    public IReadOnlyList<BlockShape> Shapes { get; }

    /// <summary>Makes a block: the given values, and first values where there are none; no updates yet.</summary>
    /// <returns>An image whose arrays come from the shared pool.</returns>
    public async Task<BlockImage> ReadAsync(int block, CancellationToken cancellationToken)
    {
        var image = FirstImage.Of(_spec, Shapes[block]);
        foreach (var segment in Shapes[block].Segments)
        {
            var name = _spec.Parameters[segment.Parameter].Name;
            if (!_loaded.Contains(name)) continue;
            await _weights.ReadAsync(
                name, segment.Start, image.Values.AsMemory(segment.Offset, segment.Length), cancellationToken).ConfigureAwait(false);
        }
        return image;
    }
}
