using OrleansPs.Core.Blocks;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Client;

/// <summary>A snapshot whose parameters are read piece by piece; the block that was read last is kept.</summary>
/// <remarks>
/// One call at a time. Rows of a table come shard after shard, by ascending key in each, as they lie: a table larger than memory can be
/// read so. To know how many they are, the shards are read once when it is opened.
/// </remarks>
public sealed class SnapshotWeights : ISnapshotWeights
{
    private readonly ICutStore _store;
    private readonly SnapshotManifest _manifest;
    private readonly BlockLayout _layout;
    private readonly List<SnapshotTable> _tables = [];
    private BlockImage? _image;

    private SnapshotWeights(ICutStore store, SnapshotManifest manifest)
    {
        (_store, _manifest) = (store, manifest);
        _layout = BlockLayout.Create(manifest.Spec);
        Snapshot = manifest.ToInfo();
    }

    /// <inheritdoc/>
    public SnapshotInfo Snapshot { get; }

    /// <inheritdoc/>
    public ModelSpec Spec => _manifest.Spec;

    /// <inheritdoc/>
    public IReadOnlyList<WeightTensor> Tensors { get; private set; } = [];

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
        if (manifest.Chunks.Count != weights._layout.Blocks.Count) throw weights.Misfit();
        await weights.CountRowsAsync(cancellationToken).ConfigureAwait(false);
        return weights;
    }

    /// <inheritdoc/>
    /// <exception cref="SnapshotCorruptException">A chunk is damaged.</exception>
    public async ValueTask ReadAsync(
        string tensor, long start, Memory<float> destination, CancellationToken cancellationToken = default)
    {
        Check(tensor, start, destination.Length, isFloat: true);
        var parameter = _layout.IndexOf(tensor);
        if (parameter < 0)
        {
            var table = _tables.First(t => ParameterMatch.RowsOf(t.Table.Name) == tensor);
            await table.ReadRowsAsync(start, destination, BlockAsync, cancellationToken).ConfigureAwait(false);
            return;
        }
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

    /// <inheritdoc/>
    /// <exception cref="SnapshotCorruptException">A chunk is damaged.</exception>
    public ValueTask ReadKeysAsync(
        string tensor, long start, Memory<long> destination, CancellationToken cancellationToken = default)
    {
        Check(tensor, start, destination.Length, isFloat: false);
        var table = _tables.First(t => ParameterMatch.KeysOf(t.Table.Name) == tensor);
        return table.ReadKeysAsync(start, destination, BlockAsync, cancellationToken);
    }

    private async Task CountRowsAsync(CancellationToken cancellationToken)
    {
        for (var t = 0; t < Spec.Tables.Count; t++)
            _tables.Add(await SnapshotTable.CountAsync(Spec.Tables[t], _layout.FirstShardOf(t), BlockAsync, cancellationToken).ConfigureAwait(false));
        Tensors =
        [
            .. Spec.Parameters.Select(p => new WeightTensor(p.Name, [.. p.Shape.Select(d => (long)d)])),
            .. _tables.SelectMany(t => t.Tensors),
        ];
    }

    private void Check(string tensor, long start, int length, bool isFloat)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        var found = Tensors.FirstOrDefault(t => t.Name == tensor && t.IsFloat == isFloat)
            ?? throw new UnknownParameterException(tensor, Tensors.Where(t => t.IsFloat == isFloat).Select(t => t.Name));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, found.Length - length);
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
