using OrleansPs.Core.Snapshots;

namespace OrleansPs.Simulation;

/// <summary>A snapshot that was read whole.</summary>
internal sealed record Loaded(SnapshotManifest Manifest, IReadOnlyList<BlockImage> Blocks);

/// <summary>P5: each snapshot, read back from its bytes, is exactly what its manifest says.</summary>
internal sealed class SnapshotCheck(World world)
{
    private readonly Workload _work = world.Work;

    /// <summary>How many snapshots were held against their manifests.</summary>
    public int Checked { get; private set; }

    /// <summary>Reads a snapshot; null if it is damaged.</summary>
    public Loaded? TryLoad(long cut)
    {
        try
        {
            var manifest = ManifestCodec.Decode(world.Storage.Manifest(cut), $"manifest {cut}");
            var blocks = manifest.Chunks.Select(c =>
            {
                ChunkName.TryParse(manifest.Model, c.Name, out var identity);
                var bytes = world.Storage.Chunk(c.Name);
                if (world.Storage.Describe(c.Block, c.Name, bytes) != c) throw new SnapshotCorruptException(c.Name, "checksum");
                return BlockImageCodec.Decode(bytes, c.Name, identity);
            }).ToArray();
            return new(manifest, blocks);
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
        if (TryLoad(cut) is not { } loaded)
        {
            world.Violate("P5", $"Cut {cut} has a manifest, and can't be read back.");
            return;
        }
        Checked++;
        Check(loaded);
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
