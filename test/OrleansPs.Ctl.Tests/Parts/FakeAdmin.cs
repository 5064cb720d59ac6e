using OrleansPs.Core.Snapshots;
using OrleansPs.Hosting;
using OrleansPs.Protocol;

namespace OrleansPs.Ctl.Tests;

/// <summary>An operator's side of a cluster that never was; its snapshots are those of a directory.</summary>
internal sealed class FakeAdmin(string directory) : IParameterServerAdmin
{
    private readonly DirectorySnapshotStore _store = new(directory);

    public IReadOnlyList<SiloInfo> Silos { get; set; } = [];

    public IReadOnlyList<BlockInfo> Blocks { get; set; } = [];

    /// <summary>How many blocks are left after each drain; the last number stays.</summary>
    public Queue<int> Drains { get; } = new();

    /// <summary>What happened, in order.</summary>
    public List<string> Story { get; } = [];

    /// <summary>Changes a chunk under way.</summary>
    public Func<byte[], byte[]> Wire { get; set; } = content => content;

    public Task<IReadOnlyList<SiloInfo>> ListSilosAsync(CancellationToken cancellationToken = default) => Task.FromResult(Silos);

    public Task<IReadOnlyList<BlockInfo>> ListBlocksAsync(string model, CancellationToken cancellationToken = default) =>
        Blocks.Count > 0 ? Task.FromResult(Blocks) : throw new UnknownModelException(model);

    public Task<int> DrainAsync(string silo, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Story.Add($"drain {silo}");
        if (Drains.Count == 0) throw new InvalidOptionsException("silo", silo, "there is no such silo.");
        return Task.FromResult(Drains.Count > 1 ? Drains.Dequeue() : Drains.Peek());
    }

    public async Task<byte[]> ReadManifestAsync(string model, long? cut, CancellationToken cancellationToken = default)
    {
        var listings = await _store.ListAsync(model, cancellationToken);
        if (listings.Count == 0) throw new SnapshotNotFoundException(model, cut);
        return ManifestCodec.Encode(await _store.ReadManifestAsync(model, cut ?? listings[^1].Cut, cancellationToken));
    }

    public async Task<byte[]> ReadChunkAsync(string model, long cut, int block, CancellationToken cancellationToken = default)
    {
        var manifest = await _store.ReadManifestAsync(model, cut, cancellationToken);
        return Wire(await _store.ReadChunkAsync(model, manifest.Chunks[block], cancellationToken));
    }

    public Task<long> ReserveCutAsync(string model, long atLeast, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException("The server of the bench makes its cuts itself.");

    public async Task ImportChunkAsync(string model, string name, byte[] content, CancellationToken cancellationToken = default)
    {
        Story.Add($"chunk {name}");
        await _store.WriteChunkAsync(model, name, content, cancellationToken);
    }

    public async Task<SnapshotInfo> ImportManifestAsync(byte[] manifest, CancellationToken cancellationToken = default)
    {
        var decoded = ManifestCodec.Decode(manifest, "imported");
        Story.Add($"manifest {decoded.Cut}");
        await _store.WriteManifestAsync(decoded, cancellationToken);
        return new(decoded.Model, decoded.Cut, decoded.Generation, decoded.Round, decoded.TakenAt, decoded.Chunks.Sum(c => c.Bytes));
    }
}
