using OrleansPs.Client;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Protocol;

/// <summary>Reads snapshots of a cluster's model, chunk by chunk.</summary>
internal sealed class ClusterSnapshotReader(ICutStore cuts, IParameterServerAdmin server, string model) : ISnapshotReader
{
    public async Task<SnapshotContent> LoadAsync(long? cut, CancellationToken cancellationToken)
    {
        var bytes = await server.ReadManifestAsync(model, cut, cancellationToken).ConfigureAwait(false);
        var manifest = ManifestCodec.Decode(bytes, $"manifest of model '{model}'");
        var blocks = new BlockImage[manifest.Chunks.Count];
        for (var block = 0; block < blocks.Length; block++)
            blocks[block] = await cuts.ReadBlockAsync(manifest, block, cancellationToken).ConfigureAwait(false);
        return new(manifest.ToInfo(), blocks);
    }
}
