using Orleans.Concurrency;
using OrleansPs.Core.Snapshots;
using OrleansPs.Hosting;
using OrleansPs.Protocol;

namespace OrleansPs.Grains;

/// <summary>Reads and imports snapshots on whichever silo is asked.</summary>
[StatelessWorker]
internal sealed class SnapshotGrain(SiloStorage storage) : Grain, ISnapshotGrain
{
    private const int ReadsAtOnce = 8;

    private string Model => this.GetPrimaryKeyString();

    public Task<Outcome<SnapshotInfo[]>> List() => Outcomes.OfAsync<SnapshotInfo[]>(async () =>
    {
        var listings = await storage.Snapshots.ListAsync(Model, CancellationToken.None);
        return [.. listings.Where(l => l.IsWhole).Select(l => l.Manifest!.ToInfo())];
    });

    public Task<Outcome<byte[]>> ReadManifest(long? cut) => Outcomes.OfAsync(async () =>
    {
        if (cut is { } named) return ManifestCodec.Encode(await storage.Snapshots.ReadManifestAsync(Model, named, CancellationToken.None));
        var listings = await storage.Snapshots.ListAsync(Model, CancellationToken.None);
        var newest = listings.LastOrDefault(l => l.IsWhole) ?? throw new SnapshotNotFoundException(Model, null);
        return ManifestCodec.Encode(newest.Manifest!);
    });

    public Task<Outcome<byte[]>> ReadChunk(long cut, int block) => Outcomes.OfAsync(async () =>
    {
        var manifest = await storage.Snapshots.ReadManifestAsync(Model, cut, CancellationToken.None);
        if (block < 0 || block >= manifest.Chunks.Count)
            throw new InvalidOptionsException(nameof(block), block, $"cut {cut} has blocks 0 to {manifest.Chunks.Count - 1}.");
        return await storage.Snapshots.ReadChunkAsync(Model, manifest.Chunks[block], CancellationToken.None);
    });

    public Task<Outcome<long>> ReserveCut(long atLeast) =>
        Outcomes.OfAsync(() => storage.Snapshots.ReserveCutAsync(Model, atLeast, CancellationToken.None));

    public Task<Outcome<bool>> ImportChunk(string name, byte[] content) => Outcomes.OfAsync(async () =>
    {
        if (!ChunkName.TryParse(Model, name, out var identity)) throw new SnapshotCorruptException(name, "that is no chunk's name.");
        BlockImageCodec.Decode(content, name, identity);
        await storage.Snapshots.WriteChunkAsync(Model, name, content, CancellationToken.None);
        return true;
    });

    public Task<Outcome<SnapshotInfo>> ImportManifest(byte[] manifest) => Outcomes.OfAsync(async () =>
    {
        var decoded = ManifestCodec.Decode(manifest, $"manifest for model '{Model}'");
        if (decoded.Model != Model) throw new SnapshotCorruptException($"manifest for model '{Model}'", $"it is of model '{decoded.Model}'.");
        // Several at a time: of a large model it would else take longer than a call may.
        var bound = new ParallelOptions { MaxDegreeOfParallelism = ReadsAtOnce };
        await Parallel.ForEachAsync(decoded.Chunks, bound, async (chunk, token) => await storage.Snapshots.ReadChunkAsync(Model, chunk, token));
        await storage.Snapshots.ImportManifestAsync(decoded, CancellationToken.None);
        return decoded.ToInfo();
    });
}
