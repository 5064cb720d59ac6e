using OrleansPs.Core.Snapshots;

namespace OrleansPs.Simulation;

/// <summary>A snapshot that was read whole.</summary>
internal sealed record Loaded(SnapshotManifest Manifest, IReadOnlyList<BlockImage> Blocks);

/// <summary>P5: each snapshot, read back from its bytes, is exactly what its manifest says.</summary>
internal sealed class SnapshotCheck(World world)
{
    private readonly Workload _work = world.Work;
    private readonly Dictionary<string, ChunkRecord> _whole = new(StringComparer.Ordinal);

    /// <summary>How many snapshots were held against their manifests.</summary>
    public int Checked { get; private set; }

    /// <summary>How many of their chunks were deltas.</summary>
    public int Deltas { get; private set; }

    /// <summary>Says what a chunk is to be that is written as a delta: the same whole.</summary>
    public void Expect(ChunkRecord whole) => _whole[whole.Name] = whole;

    /// <summary>The chunks of other cuts that a cut rests on.</summary>
    public string[] BasesOf(long cut) => ReadManifest(cut)?.Chunks.Select(c => c.Base?.Name).OfType<string>().ToArray() ?? [];

    /// <summary>Reads a snapshot; null if it is damaged.</summary>
    public Loaded? TryLoad(long cut)
    {
        try
        {
            var manifest = ManifestCodec.Decode(world.Storage.Manifest(cut), $"manifest {cut}");
            BlockImage[] blocks = [.. manifest.Chunks.Select(c => c.Base is { } from
                ? WholeChunk.Decode(manifest.Model, c, Read(c), Read(from)) : WholeChunk.Decode(manifest.Model, c, Read(c)))];
            return new(manifest, blocks);
        }
        catch (SnapshotCorruptException)
        {
            return null;
        }
    }

    private string Describe(long cut) => string.Join(' ', ReadManifest(cut)?.Chunks.Select(c => c.Base is { } from ? $"{c.Name} on {from.Name}" : c.Name) ?? []);

    private byte[] Read(ChunkRecord chunk)
    {
        var bytes = world.Storage.Chunk(chunk.Name);
        return world.Storage.Describe(chunk.Block, chunk.Name, bytes) == chunk with { Base = null }
            ? bytes : throw new SnapshotCorruptException(chunk.Name, "checksum");
    }

    private SnapshotManifest? ReadManifest(long cut)
    {
        try
        {
            return ManifestCodec.Decode(world.Storage.Manifest(cut), $"manifest {cut}");
        }
        catch (SnapshotCorruptException)
        {
            return null;
        }
    }

    /// <summary>The newest snapshot that is whole.</summary>
    public Loaded? LoadNewest() => world.Storage.Cuts.Reverse().Select(TryLoad).FirstOrDefault(l => l is not null);

    public void CheckWritten(long cut)
    {
        if (world.Trace.IsOn) world.Trace.Write($"cut {cut} is written: {Describe(cut)}");
        if (TryLoad(cut) is not { } loaded)
        {
            if (!IsExcused(cut)) world.Violate("P5", $"Cut {cut} has a manifest, and can't be read back.");
            return;
        }
        Checked++;
        Check(loaded);
    }

    /// <summary>Deletes old snapshots, as hosts do once a cut is complete. What is kept can be read as before.</summary>
    public void Retain()
    {
        var keep = world.Spec.Durability.Keep;
        var doomed = DeltaBases.Superseded([.. world.Storage.Cuts.Select(cut => (cut, Listed(cut)))], keep);
        if (doomed.Count == 0) return;
        long[] kept = [.. world.Storage.Cuts.TakeLast(keep).Where(cut => TryLoad(cut) is not null)];
        foreach (var cut in doomed) world.Storage.Delete(cut);
        foreach (var cut in kept)
            if (TryLoad(cut) is null) world.Violate("P5", $"Cut {cut} can't be read any more since cuts {string.Join(' ', doomed)} were deleted.");
    }

    /// <summary>A manifest all of whose chunks are there, in their size: they are looked for, not read.</summary>
    private SnapshotManifest? Listed(long cut) => ReadManifest(cut) is { } manifest
        && manifest.Chunks.Concat(manifest.Chunks.Select(c => c.Base).OfType<ChunkRecord>()).All(c => world.Storage.Chunk(c.Name).Length == c.Bytes)
        ? manifest : null;

    /// <summary>A cut that is written late may rest on what was damaged or, if enough newer ones are kept, deleted.</summary>
    private bool IsExcused(long cut) =>
        BasesOf(cut).Any(world.Storage.IsDamaged) || world.Storage.Cuts.Count(c => c > cut) >= world.Spec.Durability.Keep;

    /// <summary>A delta and its base are the block as it was, to the bit: rows that ended are gone, and all numbers of a row are there.</summary>
    private void CheckDelta(long cut, ChunkRecord chunk)
    {
        Deltas++;
        var (whole, _) = WholeChunk.Encode(world.Spec.Name, chunk, Read(chunk), Read(chunk.Base!));
        if (whole != _whole[chunk.Name]) world.Violate("P5", $"In cut {cut} the delta {chunk.Name} and its base {chunk.Base!.Name} are not block {chunk.Block}.");
    }

    private bool IsRounds(SnapshotManifest manifest) => (manifest.Policy ?? TrainingPolicy.Of(world.Spec)).IsRounds;

    private void Check(Loaded loaded)
    {
        var manifest = loaded.Manifest;
        if (loaded.Blocks.Count != world.BlockCount)
            world.Violate("P5", $"Cut {manifest.Cut} has {loaded.Blocks.Count} blocks.");
        foreach (var rank in manifest.Ranks)
            if (rank.Cursor != Workload.CursorOf(rank.Step))
                world.Violate("P5", $"In cut {manifest.Cut} {rank} has the cursor of another step.");
        if (IsRounds(manifest)) CheckRanks(manifest);
        foreach (var image in loaded.Blocks) CheckBlock(manifest, image);
        foreach (var chunk in manifest.Chunks.Where(c => c.Base is not null)) CheckDelta(manifest.Cut, chunk);
    }

    /// <summary>Under BSP a rank's step in the cut counts those of its steps whose rounds are closed in it.</summary>
    private void CheckRanks(SnapshotManifest manifest)
    {
        var finished = world.Histories[manifest.Generation].Under(manifest.Policy?.Number ?? 0).Finished;
        // A late join may bring back a rank whose data somebody else does now; it never does a step.
        var heirs = manifest.Ranks.SelectMany(r => r.Inherited).Select(i => i.Rank).ToHashSet();
        foreach (var rank in manifest.Ranks.Where(r => !heirs.Contains(r.Rank)))
        {
            for (long step = 0; _work.ItemOf(rank.Rank, step, rank.Inherited) is { } item; step++)
            {
                var isIn = finished[_work.Number(item)] < manifest.Round;
                if (isIn != step < rank.Step)
                    world.Violate("P5", $"Cut {manifest.Cut} of round {manifest.Round} has {rank}; step {step} is in a closed round: {isIn}.");
            }
        }
    }

    private void CheckBlock(SnapshotManifest manifest, BlockImage image)
    {
        if (IsRounds(manifest) && image.Version != manifest.Round)
            world.Violate("P5", $"Cut {manifest.Cut} is of round {manifest.Round}; block {image.Block} is of {image.Version}.");
        var pushes = PushesIn(manifest, image.Block);
        if (image.Rows is not null) RowCheck.CheckImage(world, manifest, image, [.. pushes.Select((p, id) => p && world.HasCall(id))]);
        foreach (var segment in image.Segments)
        {
            var values = image.Values.AsSpan(segment.Offset, segment.Length);
            if (segment.Parameter == world.Model.RealParameter)
            {
                var real = world.Histories[manifest.Generation].RealAt(manifest.Round).AsSpan(segment.Start, segment.Length);
                if (!values.SequenceEqual(real)) world.Violate("P5", $"Cut {manifest.Cut} has other bits in the real parameter.");
                continue;
            }
            var exact = new bool[_work.Size];
            for (var id = 0; id < exact.Length; id++) exact[id] = pushes[id] && world.Pushes(id, segment.Parameter);
            if (CounterCheck.FirstWrong(values, segment.Start, exact, exact, world.Histories[manifest.Generation].Twice) is { } wrong)
                world.Violate("P5", $"Cut {manifest.Cut}: {world.Describe(wrong.Id)} {wrong.Problem} in block {image.Block}, parameter {segment.Parameter}.");
        }
    }

    /// <summary>The finished steps of all ranks, and the open pushes that the manifest records for this block.</summary>
    private bool[] PushesIn(SnapshotManifest manifest, int block)
    {
        var pushes = new bool[_work.Size];
        foreach (var rank in manifest.Ranks)
        {
            foreach (var item in _work.Done(rank.Rank, rank.Step, rank.Inherited))
                for (var call = 0; call < _work.PushCalls; call++) pushes[_work.Id(item, call)] = true;
        }
        foreach (var open in manifest.Open.Where(o => o.Block == block))
        {
            var inherited = manifest.Ranks.FirstOrDefault(r => r.Rank == open.Rank)?.Inherited ?? [];
            if (_work.ItemOf(open.Rank, open.Step, inherited) is not { } item) continue;
            var calls = world.CallsTo(item, block);
            foreach (var sequence in open.Sequences) pushes[_work.Id(item, calls[sequence])] = true;
        }
        return pushes;
    }
}
