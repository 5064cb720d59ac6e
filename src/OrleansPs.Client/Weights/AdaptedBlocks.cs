using OrleansPs.Core.Blocks;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Client;

/// <summary>The blocks of a cut that is made of another one's. An old block is kept while the present one is made of it.</summary>
/// <remarks>One call at a time. Asked for in order, blocks whose parameters kept their order are made with each old one read once.</remarks>
internal sealed class AdaptedBlocks(ICutStore store, SnapshotManifest from, CutAdapter adapter)
{
    private Dictionary<int, BlockImage> _sources = [];

    public async Task<BlockImage> ReadAsync(int block, CancellationToken cancellationToken)
    {
        var needed = new Dictionary<int, BlockImage>();
        foreach (var source in adapter.SourcesOf(block))
            needed[source] = _sources.TryGetValue(source, out var kept) ? kept : await LoadAsync(source, cancellationToken).ConfigureAwait(false);
        _sources = needed;
        return adapter.Adapt(block, source => needed[source]);
    }

    private async Task<BlockImage> LoadAsync(int source, CancellationToken cancellationToken)
    {
        var image = await store.ReadBlockAsync(from, source, cancellationToken).ConfigureAwait(false);
        adapter.Check(image);
        return image;
    }
}
