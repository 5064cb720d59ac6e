using OrleansPs.Client;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Protocol;

/// <summary>Reads snapshots of a cluster's model, chunk by chunk.</summary>
internal sealed class ClusterSnapshotReader(IParameterServerAdmin server, string model) : ISnapshotReader
{
    public async Task<SnapshotContent> LoadAsync(long? cut, CancellationToken cancellationToken)
    {
        var bytes = await server.ReadManifestAsync(model, cut, cancellationToken).ConfigureAwait(false);
        var manifest = ManifestCodec.Decode(bytes, $"manifest of model '{model}'");
        var blocks = new BlockImage[manifest.Chunks.Count];
        foreach (var chunk in manifest.Chunks)
        {
            var content = await server.ReadChunkAsync(model, manifest.Cut, chunk.Block, cancellationToken).ConfigureAwait(false);
            if (!ChunkName.TryParse(model, chunk.Name, out var identity))
                throw new SnapshotCorruptException(chunk.Name, "that is no chunk's name.");
            blocks[chunk.Block] = BlockImageCodec.Decode(content, chunk.Name, identity);
        }
        return new(InfoOf(manifest), blocks);
    }

    private static SnapshotInfo InfoOf(SnapshotManifest manifest) => new(
        manifest.Model, manifest.Cut, manifest.Generation, manifest.Round, manifest.TakenAt, manifest.Chunks.Sum(c => c.Bytes));
}
