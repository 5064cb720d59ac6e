using System.Security.Cryptography;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Client.Tests.Weights;

/// <summary>Cuts in memory, as bytes, with a story of what was asked.</summary>
internal sealed class MemoryCuts : ICutStore
{
    private readonly SortedDictionary<long, SnapshotManifest> _manifests = [];
    private readonly Dictionary<string, byte[]> _chunks = [];
    private long _next = 1;

    public List<string> Story { get; } = [];

    public HashSet<long> Reserved { get; } = [];

    /// <summary>Happens before a manifest is written.</summary>
    public Action<SnapshotManifest> OnManifest { get; set; } = _ => { };

    public SnapshotManifest Manifest(long cut) => _manifests[cut];

    public void Damage(string chunk) => _chunks[chunk][^1] ^= 1;

    /// <summary>Makes a manifest known, as a coordinator would.</summary>
    public void Put(SnapshotManifest manifest) => _manifests[manifest.Cut] = manifest;

    public Task<IReadOnlyList<SnapshotInfo>> ListAsync(string model, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<SnapshotInfo>>([.. _manifests.Values.Select(m => m.ToInfo())]);

    public Task<SnapshotManifest> ReadManifestAsync(string model, long cut, CancellationToken cancellationToken) =>
        _manifests.TryGetValue(cut, out var manifest) ? Task.FromResult(manifest) : throw new SnapshotNotFoundException(model, cut);

    public Task<BlockImage> ReadBlockAsync(SnapshotManifest manifest, int block, CancellationToken cancellationToken)
    {
        var name = manifest.Chunks[block].Name;
        Story.Add($"read {name}");
        Assert.True(ChunkName.TryParse(manifest.Model, name, out var identity));
        return Task.FromResult(BlockImageCodec.Decode(_chunks[name], name, identity));
    }

    public Task<long> ReserveCutAsync(string model, long atLeast, CancellationToken cancellationToken)
    {
        var cut = Math.Max(_next, atLeast);
        _next = cut + 1;
        Assert.True(Reserved.Add(cut));
        return Task.FromResult(cut);
    }

    public Task ReleaseCutAsync(string model, long cut)
    {
        Assert.True(Reserved.Remove(cut));
        return Task.CompletedTask;
    }

    public Task<ChunkRecord> WriteBlockAsync(ChunkIdentity identity, BlockImage image, CancellationToken cancellationToken)
    {
        Assert.Contains(identity.Cut, Reserved);
        var bytes = new byte[BlockImageCodec.GetEncodedLength(image)];
        BlockImageCodec.Encode(image, identity.Model, identity.Generation, identity.Cut, identity.Epoch, bytes);
        _chunks[identity.Name] = bytes;
        Story.Add($"write {identity.Name}");
        return Task.FromResult(new ChunkRecord(identity.Block, identity.Name, bytes.Length, Convert.ToHexStringLower(SHA256.HashData(bytes))));
    }

    public Task WriteManifestAsync(SnapshotManifest manifest, CancellationToken cancellationToken)
    {
        OnManifest(manifest);
        if (_manifests.ContainsKey(manifest.Cut)) throw new SnapshotStorageException("memory", "Another manifest has this cut's number.", transient: false);
        _manifests[manifest.Cut] = ManifestCodec.Decode(ManifestCodec.Encode(manifest), "memory");
        Story.Add($"manifest {manifest.Cut}");
        return Task.CompletedTask;
    }
}
