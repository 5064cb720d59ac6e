using OrleansPs.Core.Blocks;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;
using OrleansPs.Core.Tables;

namespace OrleansPs.Client;

/// <summary>The blocks of a model that begins with given values.</summary>
/// <remarks>
/// One call at a time, for the source allows no more; blocks are best asked for in order. Beside the block the keys of one table are in
/// memory, 16 bytes a row.
/// </remarks>
public sealed class WeightBlocks
{
    private readonly ModelSpec _spec;
    private readonly IWeightSource _weights;
    private readonly HashSet<string> _loaded;
    private (int Table, GivenRows Rows)? _given;

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
    /// <exception cref="WeightMismatchException">A key of a table is given twice.</exception>
    public Task<BlockImage> ReadAsync(int block, CancellationToken cancellationToken)
    {
        var shape = Shapes[block];
        return shape.Table >= 0 && _loaded.Contains(_spec.Tables[shape.Table].Name)
            ? ReadRowsAsync(shape, cancellationToken)
            : ReadValuesAsync(shape, cancellationToken);
    }

    private async Task<BlockImage> ReadValuesAsync(BlockShape shape, CancellationToken cancellationToken)
    {
        var image = FirstImage.Of(_spec, shape);
        foreach (var segment in shape.Segments)
        {
            var name = _spec.Parameters[segment.Parameter].Name;
            if (!_loaded.Contains(name)) continue;
            await _weights.ReadAsync(
                name, segment.Start, image.Values.AsMemory(segment.Offset, segment.Length), cancellationToken).ConfigureAwait(false);
        }
        return image;
    }

    private async Task<BlockImage> ReadRowsAsync(BlockShape shape, CancellationToken cancellationToken)
    {
        var table = _spec.Tables[shape.Table];
        if (_given is not { } given || given.Table != shape.Table)
            _given = given = (shape.Table, await SortAsync(table, cancellationToken).ConfigureAwait(false));
        var image = given.Rows.ToImage(_spec, shape);
        var (rows, name) = (image.Rows!, ParameterMatch.RowsOf(table.Name));
        for (var i = 0; i < rows.Count; i++)
        {
            var values = rows.Records.AsMemory(i * rows.RecordFloats, rows.Width);
            await _weights.ReadAsync(name, given.Rows.RowsOf(shape.Shard)[i] * rows.Width, values, cancellationToken).ConfigureAwait(false);
        }
        return image;
    }

    private async Task<GivenRows> SortAsync(EmbeddingTable table, CancellationToken cancellationToken)
    {
        var name = ParameterMatch.KeysOf(table.Name);
        var count = _weights.Tensors.First(t => t.Name == name).Length;
        if (count > Array.MaxLength) throw new WeightMismatchException(_spec.Name, $"'{name}' has {count} keys, at most {Array.MaxLength} can be loaded");
        var keys = new long[count];
        await _weights.ReadKeysAsync(name, 0, keys, cancellationToken).ConfigureAwait(false);
        var rows = GivenRows.Of(keys, table.Shards, out var twice);
        return twice is null ? rows : throw new WeightMismatchException(_spec.Name, $"'{name}' has key {twice} twice");
    }
}
