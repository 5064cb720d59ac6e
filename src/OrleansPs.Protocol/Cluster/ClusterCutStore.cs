using System.Security.Cryptography;
using OrleansPs.Client;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Protocol;

/// <summary>The cuts of a cluster, chunk by chunk over its snapshot grains.</summary>
/// <param name="list">Lists the snapshots of a model.</param>
/// <param name="admin">The cluster.</param>
internal sealed class ClusterCutStore(
    Func<string, CancellationToken, Task<IReadOnlyList<SnapshotInfo>>> list, IParameterServerAdmin admin) : ICutStore
{
    public Task<IReadOnlyList<SnapshotInfo>> ListAsync(string model, CancellationToken cancellationToken) => list(model, cancellationToken);

    public async Task<SnapshotManifest> ReadManifestAsync(string model, long cut, CancellationToken cancellationToken)
    {
        var bytes = await admin.ReadManifestAsync(model, cut, cancellationToken).ConfigureAwait(false);
        return ManifestCodec.Decode(bytes, $"manifest of model '{model}'");
    }

    public async Task<BlockImage> ReadBlockAsync(SnapshotManifest manifest, int block, CancellationToken cancellationToken)
    {
        var chunk = manifest.Chunks[block];
        var content = await admin.ReadChunkAsync(manifest.Model, manifest.Cut, block, cancellationToken).ConfigureAwait(false);
        if (chunk.Base is not { } from) return WholeChunk.Decode(manifest.Model, chunk, content);
        ChunkName.TryParse(manifest.Model, from.Name, out var identity);
        var below = await admin.ReadChunkAsync(manifest.Model, identity.Cut, block, cancellationToken).ConfigureAwait(false);
        return WholeChunk.Decode(manifest.Model, chunk, content, below);
    }

    public Task<long> ReserveCutAsync(string model, long atLeast, CancellationToken cancellationToken) =>
        admin.ReserveCutAsync(model, atLeast, cancellationToken);

    // A cluster's clean-up deletes only what its coordinators began.
    public Task ReleaseCutAsync(string model, long cut) => Task.CompletedTask;

    public async Task<ChunkRecord> WriteBlockAsync(ChunkIdentity identity, BlockImage image, CancellationToken cancellationToken)
    {
        var content = new byte[BlockImageCodec.GetEncodedLength(image)];
        BlockImageCodec.Encode(image, identity.Model, identity.Generation, identity.Cut, identity.Epoch, content);
        await admin.ImportChunkAsync(identity.Model, identity.Name, content, cancellationToken).ConfigureAwait(false);
        return new(identity.Block, identity.Name, content.Length, Convert.ToHexStringLower(SHA256.HashData(content)));
    }

    public Task WriteManifestAsync(SnapshotManifest manifest, CancellationToken cancellationToken) =>
        admin.ImportManifestAsync(ManifestCodec.Encode(manifest), cancellationToken);
}
