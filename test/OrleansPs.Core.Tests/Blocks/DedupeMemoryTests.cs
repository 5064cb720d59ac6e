using OrleansPs.Core.Blocks;
using OrleansPs.Core.Consistency;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;

namespace OrleansPs.Core.Tests.Blocks;

/// <summary>To know each push once costs memory by ranks and window, not by pushes or by how often workers come back.</summary>
public class DedupeMemoryTests
{
    private const int Pushes = 10_000_000;
    private const int Rejoins = 1_000;
    private const int Ranks = 4;

    private static readonly ModelSpec s_spec = new("flat")
    {
        Parameters = [new("a", [2])],
        Optimizer = Optimizer.Sum(),
        Consistency = ConsistencyPolicy.Asynchronous,
        Workers = Ranks,
        PushesPerStep = 8,
    };

    [Fact]
    public void A_blocks_memory_is_flat_over_ten_million_pushes_and_a_thousand_rejoins()
    {
        var block = new BlockReplica(s_spec, BlockLayout.Create(s_spec).Blocks[0], 0);
        SegmentSlice[] gradient = [new(0, new float[] { 1, 0 })];
        var warm = Push(block, gradient, 0, Pushes / 10);
        var state = block.ToState(s_spec.Name).Length;
        var before = GC.GetAllocatedBytesForCurrentThread();
        var rest = Push(block, gradient, Pushes / 10, Pushes);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        // Each is sent twice, and counts once; the sum is exact up to 2^24. What allocates nothing keeps nothing either.
        Assert.Equal((Pushes / 10, Pushes - (Pushes / 10)), (warm, rest));
        Assert.True(allocated < 64 * 1024, $"{allocated} bytes were allocated.");
        Assert.Equal(state, block.ToState(s_spec.Name).Length);
        var values = new float[2];
        block.Pull(new() { Rank = -1 }, null, [new(0, values)]);
        Assert.Equal(Pushes, values[0]);
        block.Release();
    }

    [Fact]
    public void The_control_record_is_flat_over_a_thousand_rejoins()
    {
        var coordinator = new Coordinator(s_spec, ControlState.Create(s_spec), 1, 1, TimeSpan.Zero);
        var effects = new List<CoordinatorEffect>();
        Rejoin(0, 40);
        var few = ControlStateCodec.Encode(coordinator.State).Length;
        Rejoin(40, Rejoins);
        var many = ControlStateCodec.Encode(coordinator.State).Length;

        // Digits of incarnations and of the index.
        Assert.InRange(many - few, 0, 64);

        void Rejoin(int from, int to)
        {
            for (var i = from; i < to; i++)
            {
                coordinator.Join(i, new(i % Ranks, new Guid(i + 1, 0, 0, new byte[8]), -1), TimeSpan.Zero);
                coordinator.TakeEffects(effects);
                foreach (var append in effects.OfType<AppendToRecord>()) coordinator.RecordAccepted(append.Index);
                effects.Clear();
            }
        }
    }

    private static int Push(BlockReplica block, SegmentSlice[] gradient, int from, int to)
    {
        var counted = 0;
        for (var i = from; i < to; i++)
        {
            var (rank, step) = (i % Ranks, i / Ranks / s_spec.PushesPerStep);
            var header = new MessageHeader
            {
                Rank = rank, Step = step, Clock = step, Sequence = i / Ranks % s_spec.PushesPerStep, Incarnation = 1 + (long)i * Rejoins / Pushes,
            };
            if (block.Push(header, null, gradient).Status == BlockStatus.Ok) counted++;
            if (block.Push(header, null, gradient).Status != BlockStatus.Duplicate) counted--;
        }
        return counted;
    }
}
