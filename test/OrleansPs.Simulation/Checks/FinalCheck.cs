using OrleansPs.Core.Blocks;
using OrleansPs.Core.Messages;

namespace OrleansPs.Simulation;

/// <summary>
/// P1 at the end of a run: every finished step is in every block exactly once; of steps that nobody finished there is nothing
/// under BSP, and each push at most once otherwise. P2: each block has a primary.
/// </summary>
internal static class FinalCheck
{
    public static void Check(World world)
    {
        var history = world.Record.History;
        if (Enumerable.Range(0, world.BlockCount).FirstOrDefault(b => world.PrimaryOf(b)?.Core is null, -1) is >= 0 and var block)
        {
            world.Violate("P2", $"At the end block {block} has no primary, and the record names one.");
            return;
        }
        for (var b = 0; b < world.BlockCount; b++) BringUpToDate(world, history, PrimaryOf(world, b));
        foreach (var worker in world.Workers.Where(w => w.State == WorkerState.Done))
        {
            if (!history.Lines.TryGetValue(worker.Rank, out var line) || history.ItemOf(worker.Rank, line.Step) is not null)
                world.Violate("P1", $"Rank {worker.Rank} was told that all its steps are finished; the record has {line?.Step}.");
        }
        foreach (var shape in world.Model.Layout.Blocks)
        {
            var values = ReplicaReader.Read(world, PrimaryOf(world, shape.Index));
            for (var s = 0; s < values.Length; s++) CheckSegment(world, history, shape.Index, shape.Segments[s], values[s]);
            if (shape.Table >= 0) CheckRows(world, history, shape);
        }
    }

    /// <summary>All parameters at the end, and behind them all rows, by table and key.</summary>
    public static float[][] Values(World world)
    {
        if (world.Violation is not null) return [];
        var values = world.Spec.Parameters.Select(p => new float[p.Length]).ToArray();
        foreach (var shape in world.Model.Layout.Blocks)
        {
            var block = ReplicaReader.Read(world, PrimaryOf(world, shape.Index));
            for (var s = 0; s < block.Length; s++)
                block[s].CopyTo(values[shape.Segments[s].Parameter].AsSpan(shape.Segments[s].Start));
        }
        return [.. values, .. Rows(world)];
    }

    private static IEnumerable<float[]> Rows(World world) =>
        from table in Enumerable.Range(0, world.Spec.Tables.Count)
        from key in world.Model.Rows!.Keys
        let shape = world.Model.Layout.Blocks.Single(b => b.Table == table && RowWork.IsIn(world.Spec, b, key))
        select ReplicaReader.ReadRows(world, PrimaryOf(world, shape.Index), [key])[0];

    private static BlockReplica PrimaryOf(World world, int block) => world.PrimaryOf(block)!.Core!.Replica;

    private static void BringUpToDate(World world, History history, BlockReplica block)
    {
        if (block.Policy.Number != history.Policy.Number)
            world.Violate("P6", $"At the end block {block.Block} works by {block.Policy}, and the record has {history.Policy}.");
        if (!history.Policy.IsRounds) return;
        var header = new MessageHeader { Generation = block.Generation, Epoch = block.Epoch, Rank = -1, Policy = block.Policy.Number };
        var reply = block.Certify(header, [.. history.Certificates.Where(c => c.Round >= block.Version)]);
        if (reply.Status != BlockStatus.Ok || reply.Version != history.Round)
            world.Violate("P3", $"At the end block {block.Block} answers {reply} and not round {history.Round}.");
    }

    private static void CheckRows(World world, History history, Core.Partitioning.BlockShape shape)
    {
        long[] keys = [.. world.Model.Rows!.Keys.Where(key => RowWork.IsIn(world.Spec, shape, key))];
        var rows = ReplicaReader.ReadRows(world, PrimaryOf(world, shape.Index), keys);
        var (low, high) = BoundsOf(world, history, world.HasCall);
        for (var i = 0; i < keys.Length; i++) RowCheck.CheckEnd(world, history, shape, keys[i], rows[i], low, high);
    }

    private static (bool[] Low, bool[] High) BoundsOf(World world, History history, Func<int, bool> isOf)
    {
        var low = new bool[world.Work.Size];
        var high = new bool[world.Work.Size];
        for (var id = 0; id < low.Length; id++)
        {
            low[id] = isOf(id) && history.Finished[id / world.Work.PushCalls] != History.Never;
            high[id] = low[id] || (isOf(id) && history.Attempted[id]);
        }
        return (low, high);
    }

    private static void CheckSegment(World world, History history, int block, Core.Partitioning.Segment segment, float[] values)
    {
        if (segment.Parameter == world.Model.RealParameter)
        {
            if (!values.AsSpan().SequenceEqual(history.RealAt(history.Round).AsSpan(segment.Start, segment.Length)))
                world.Violate("P3", $"At the end block {block} has other bits in the real parameter.");
            return;
        }
        var (low, high) = BoundsOf(world, history, id => world.Pushes(id, segment.Parameter));
        if (CounterCheck.FirstWrong(values, segment.Start, low, high, history.Twice) is { } wrong)
            world.Violate("P1", $"At the end {world.Describe(wrong.Id)} {wrong.Problem} in block {block}, parameter {segment.Parameter}.");
    }
}
