using OrleansPs.Core.Blocks;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Client;

/// <summary>A snapshot whose parameters are read piece by piece; the block that was read last is kept.</summary>
/// <remarks>One call at a time.</remarks>
public sealed class SnapshotWeights : ISnapshotWeights
{
    private readonly ICutStore _store;
    private readonly SnapshotManifest _manifest;
    private readonly BlockLayout _layout;
    private BlockImage? _image;

    private SnapshotWeights(ICutStore store, SnapshotManifest manifest)
    {
        (_store, _manifest) = (store, manifest);
        _layout = BlockLayout.Create(manifest.Spec);
        Tensors = ParameterMatch.TensorsOf(manifest.Spec);
        Snapshot = manifest.ToInfo();
    }

    /// <inheritdoc/>
    public SnapshotInfo Snapshot { get; }

    /// <inheritdoc/>
    public ModelSpec Spec => _manifest.Spec;

    /// <inheritdoc/>
    public IReadOnlyList<WeightTensor> Tensors { get; }

    /// <summary>Opens a snapshot.</summary>
    /// <param name="store">Where it is.</param>
    /// <param name="model">The model.</param>
    /// <param name="cut">The cut; null for the newest one that is whole.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="SnapshotNotFoundException">There is none.</exception>
    /// <exception cref="SnapshotCorruptException">Its manifest is damaged.</exception>
    public static async Task<ISnapshotWeights> OpenAsync(ICutStore store, string model, long? cut, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(model);
        if (cut is null)
        {
            var snapshots = await store.ListAsync(model, cancellationToken).ConfigureAwait(false);
            cut = snapshots.Count > 0 ? snapshots[^1].Cut : throw new SnapshotNotFoundException(model, null);
        }
        var manifest = await store.ReadManifestAsync(model, cut.Value, cancellationToken).ConfigureAwait(false);
        var weights = new SnapshotWeights(store, manifest);
        return manifest.Chunks.Count == weights._layout.Blocks.Count ? weights : throw weights.Misfit();
    }

    /// <inheritdoc/>
    /// <exception cref="SnapshotCorruptException">A chunk is damaged.</exception>
    public async ValueTask ReadAsync(
        string tensor, long start, Memory<float> destination, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        var parameter = _layout.IndexOf(tensor);
        if (parameter < 0) throw new UnknownParameterException(tensor, Spec.Parameters.Select(p => p.Name));
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start + destination.Length, Spec.Parameters[parameter].Length, nameof(destination));
        var end = start + destination.Length;
        foreach (var (block, index) in _layout.PlacementOf(parameter).Pieces)
        {
            var piece = _layout.Blocks[block].Segments[index];
            var (from, to) = (Math.Max(piece.Start, start), Math.Min((long)piece.Start + piece.Length, end));
            if (from >= to) continue;
            var image = await BlockAsync(block, cancellationToken).ConfigureAwait(false);
            image.Values.AsSpan(piece.Offset + (int)(from - piece.Start), (int)(to - from)).CopyTo(destination.Span[(int)(from - start)..]);
        }
    }

    private async ValueTask<BlockImage> BlockAsync(int block, CancellationToken cancellationToken)
    {
        if (_image is { } kept && kept.Block == block) return kept;
        var image = await _store.ReadBlockAsync(_manifest, block, cancellationToken).ConfigureAwait(false);
        if (ImageFit.Misfit(Spec, _layout.Blocks[block], image) is not null) throw Misfit();
        return _image = image;
    }

    private SnapshotCorruptException Misfit() => new(
        $"of cut {_manifest.Cut} of model '{_manifest.Model}'", "its blocks are not those of its spec.");
}
