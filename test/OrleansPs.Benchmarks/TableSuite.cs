using System.Diagnostics;
using OrleansPs.Core.Blocks;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;

namespace OrleansPs.Benchmarks;

/// <summary>
/// One shard of an embedding table of 10 million rows x 16 floats with Adagrad on one thread: what a row takes, and batches of 10,000
/// random rows, read and updated, beside random reads and writes of as many cache lines in an array of that size.
/// </summary>
internal static class TableSuite
{
    private const int Rows = 10_000_000;
    private const int Width = 16;
    private const int Batch = 10_000;
    private const int Batches = 200;

    private static readonly ModelSpec s_spec = new("bench")
    {
        Parameters = [],
        Tables = [new("rows", Width, Initializer.Normal(std: 0.01f)) { Shards = 1, Optimizer = Optimizer.Adagrad(), MaxRowsPerStep = 1 << 20 }],
        Optimizer = Optimizer.Adagrad(), Consistency = ConsistencyPolicy.Asynchronous, PushesPerStep = 1,
    };

    public static void Run()
    {
        var replica = new BlockReplica(s_spec, BlockLayout.Create(s_spec).Blocks[0], 0);
        var step = Fill(replica);
        const int needed = sizeof(long) + (2 * Width * sizeof(float));
        var bytes = (double)replica.StateBytes / Rows;
        Console.WriteLine($"{Rows:N0} rows x {Width} floats, Adagrad: {bytes:F1} bytes a row, {bytes / needed:F2} x the {needed} of key, values and state");

        var batches = RandomBatches();
        var values = new float[Batch * Width];
        var next = 0;
        var (pull, walk) = Measurement.Interleave(() => Pull(replica, batches[++next % Batches], values), Walk(write: false));
        Report("read", pull, walk);
        var (push, write) = Measurement.Interleave(() => Push(replica, step++, batches[++next % Batches], values), Walk(write: true));
        Report("update", push, write);
        var (both, _) = Measurement.Interleave(
            () =>
            {
                Pull(replica, batches[++next % Batches], values);
                Push(replica, step++, batches[next % Batches], values);
            }, () => { });
        Console.WriteLine($"{"read, then update",-20}{Batch / both / 1e6,8:F2} M rows/s");
        replica.Release();
    }

    private static void Report(string what, double work, double walk) =>
        Console.WriteLine($"{what,-20}{Batch / work / 1e6,8:F2} M rows/s{Batch / walk / 1e6,10:F2} M/s random records of an array{walk / work,8:P0}");

    private static long Fill(BlockReplica replica)
    {
        var start = Stopwatch.GetTimestamp();
        var gradient = new float[Batch * Width];
        Array.Fill(gradient, 0.01f);
        var keys = new long[Batch];
        long step = 0;
        for (; step < Rows / Batch; step++)
        {
            for (var i = 0; i < Batch; i++) keys[i] = (step * Batch) + i;
            Push(replica, step, keys, gradient);
        }
        Console.WriteLine($"filled at {Rows / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e6:F2} M new rows/s");
        return step;
    }

    private static long[][] RandomBatches()
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, Batches).Select(_ =>
        {
            var keys = new HashSet<long>();
            while (keys.Count < Batch) keys.Add(random.Next(Rows));
            return keys.Order().ToArray();
        })];
    }

    /// <summary>The yardstick: as many records of 128 bytes at random places of as much memory.</summary>
    private static Action Walk(bool write)
    {
        var array = GC.AllocateUninitializedArray<float>(1 << 28);
        for (var i = 0; i < array.Length; i += 512) array[i] = 1;
        var random = new Random(2);
        var values = new float[2 * Width];
        return () =>
        {
            for (var i = 0; i < Batch; i++)
            {
                var record = array.AsSpan(random.Next(array.Length / (2 * Width)) * 2 * Width, 2 * Width);
                if (write) values.CopyTo(record);
                else record.CopyTo(values);
            }
        };
    }

    private static void Pull(BlockReplica replica, long[] keys, float[] values)
    {
        var reply = replica.Pull(new() { Rank = 0 }, null, [new SegmentSlice(0, values) { Keys = keys }]);
        if (reply.Status != BlockStatus.Ok) throw new InvalidOperationException($"A pull was answered {reply.Status}.");
    }

    private static void Push(BlockReplica replica, long step, long[] keys, float[] gradient)
    {
        var reply = replica.Push(new() { Rank = 0, Step = step, Clock = step }, null, [new SegmentSlice(0, gradient) { Keys = keys }]);
        if (reply.Status != BlockStatus.Ok) throw new InvalidOperationException($"A push was answered {reply.Status}.");
    }
}
