using OrleansPs.Core.Blocks;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;
using OrleansPs.Core.Tests.Optimizers;

namespace OrleansPs.Core.Tests.Blocks;

/// <summary>What a block does to stale pushes, by numbers that can be followed in the head.</summary>
public class CompensationTests
{
    private static readonly ModelSpec s_plain = new("m")
    {
        Parameters = [new("w", [2]), new("sum", [1]) { Optimizer = Optimizer.Sum() }, new("still", [1]) { Group = "still" }],
        Groups = [new("still") { Frozen = true }],
        Optimizer = Optimizer.Sgd(1),
        Consistency = ConsistencyPolicy.Asynchronous,
        Workers = 3,
        PushesPerStep = 8,
    };

    private static readonly ModelSpec s_byRate = s_plain with { Compensation = StalenessCompensation.ByLr() };
    private static readonly ModelSpec s_delay = s_plain with { Compensation = StalenessCompensation.DcAsgd(0.5) };

    [Fact]
    public void The_learning_rate_is_divided_by_the_pushes_since_the_pull()
    {
        var block = new Block(s_byRate);
        block.Pull(0);
        Assert.Equal(-12f, block.Push(0, 12));          // fresh: 12 / 1
        Assert.Equal(-24f, block.Push(0, 12));          // one push since: still 12 / 1
        Assert.Equal(-30f, block.Push(0, 12));          // two since: 12 / 2
        block.Pull(1);
        Assert.Equal(-34f, block.Push(0, 12));          // three since: 12 / 3
        Assert.Equal(-46f, block.Push(1, 12));          // one since its own pull
        Assert.Equal(-52f, block.Push(1, 12));          // two
        block.Pull(0);
        Assert.Equal(-64f, block.Push(0, 12));          // fresh again
    }

    [Fact]
    public void A_push_pull_pushes_and_then_pulls()
    {
        var block = new Block(s_byRate);
        block.Pull(0);
        block.Push(1, 0);
        block.Push(1, 0);
        Assert.Equal(-6f, block.PushPull(0, 12));       // two since: 12 / 2
        Assert.Equal(-18f, block.PushPull(0, 12));      // fresh
    }

    [Fact]
    public void Who_never_pulled_is_not_compensated()
    {
        foreach (var spec in new[] { s_byRate, s_delay })
        {
            var block = new Block(spec);
            block.Push(1, 1);
            block.Push(1, 1);
            Assert.Equal(-14f, block.Push(0, 12));
        }
    }

    [Fact]
    public void Neither_a_snapshot_nor_what_begins_with_it_knows_of_pulls()
    {
        var block = new Block(s_byRate);
        block.Pull(0);
        block.Push(1, 1);
        block.Push(1, 1);
        var image = Replicas.ImageOf(block.Replica, cut: 1);
        Assert.Equal(-14f, new Block(s_byRate, image).Push(0, 12, cut: 1));
        Assert.Equal(-8f, block.Push(0, 12, cut: 1));
    }

    [Fact]
    public void Delay_adds_lambda_g_g_times_the_distance()
    {
        var block = new Block(s_delay);
        block.Pull(0);
        Assert.Equal(-2f, block.Push(0, 2));            // w = w': g alone
        Assert.Equal(-3f, block.Push(1, 1));            // rank 1 never pulled
        // g = 2: 2 + 0.5 x 4 x (-3 - 0) = -4
        Assert.Equal(1f, block.Push(0, 2));
        block.Pull(0);
        Assert.Equal(-1f, block.Push(0, 2));
    }

    [Fact]
    public void Sums_take_no_part_and_frozen_parameters_stay()
    {
        foreach (var spec in new[] { s_byRate, s_delay })
        {
            var block = new Block(spec);
            block.Pull(0);
            for (var i = 0; i < 4; i++) block.Push(1, 3);
            block.Push(0, 5);
            Assert.Equal((17f, 0f), (block.Values[2], block.Values[3]));
        }
    }

    [Fact]
    public void Readers_leave_no_entry_and_without_compensation_no_pull_is_an_entry()
    {
        var block = new Block(s_byRate);
        block.Pull(0);
        Assert.Equal(1, block.Replica.LastEntry);
        block.Pull(-1);
        Assert.Equal(1, block.Replica.LastEntry);
        var plain = new Block(s_plain);
        plain.Pull(0);
        Assert.Equal(0, plain.Replica.LastEntry);
    }

    [Fact]
    public void A_push_from_before_the_cut_is_compensated_alike_in_both_copies()
    {
        // Cut 1 begins with the first push of rank 1; the frozen copy is at 0. By rate 12 / 2; by delay 2 + 0.5 x 4 x -3 = -4.
        foreach (var (spec, gradient, live, frozen) in new[] { (s_byRate, 12f, -9f, -6f), (s_delay, 2f, 1f, 4f) })
        {
            var block = new Block(spec);
            block.Pull(0);
            block.Push(1, 1, cut: 1);
            block.Push(1, 2, cut: 1);
            Assert.Equal(live, block.Push(0, gradient));
            Assert.Equal(frozen, block.Replica.TakeCut(new() { Term = 1, Rank = -1 }, 1).Image!.Values[0]);
        }
    }

    [Fact]
    public void What_is_pulled_comes_through_a_move()
    {
        foreach (var spec in new[] { s_byRate, s_delay })
        {
            var block = new Block(spec);
            block.Pull(0);
            block.Push(1, 3);
            block.Push(1, 3);
            block.Pull(2);
            var moved = block.Moved();
            Assert.Equal(block.Push(0, 4), moved.Push(0, 4));
            Assert.Equal(block.Push(2, 4), moved.Push(2, 4));
            Assert.NotEqual(-10f, block.Values[0]);
        }
    }

    [Fact]
    public void A_state_whose_pulls_are_damaged_is_refused()
    {
        var block = new Block(s_delay);
        block.Pull(0);
        block.Push(1, 3);
        var bytes = block.Replica.ToState("m");
        for (var bit = 0; bit < bytes.Length * 8; bit += 7)
            Assert.Throws<SnapshotCorruptException>(() => BlockReplica.FromState(s_delay, block.Shape, 0, 0, Snapshots.Damage.Flip(bytes, bit)));
        var state = ReplicaStateCodec.Decode(bytes, s_delay, block.Shape, 0, 0);
        Assert.Equal((1L, 0, 0L), (state.Marks.Pushes, state.Marks.Ranks[0].Rank, state.Marks.Ranks[0].Pushes));
        Assert.Equal(ReplicaStateCodec.LengthOf(state), bytes.Length);
    }

    /// <summary>Equation 10 in floats, in the documented order.</summary>
    [Fact]
    public void Every_length_gives_the_bits_of_the_scalar_formula()
    {
        for (var length = 0; length <= 100; length++)
        {
            var random = new Random(length);
            var (values, gradient, pulled) = (TestState.RandomGradient(random, length), TestState.RandomGradient(random, length), TestState.RandomGradient(random, length));
            float[] expected = [.. gradient.Select((g, i) => g + (0.3f * g * (g * (values[i] - pulled[i]))))];
            float[] before = [.. pulled];
            Core.Optimizers.DelayCompensation.Run(values, gradient, pulled, 0.3f);
            Bits.AssertSame(expected, values);
            Bits.AssertSame(before, pulled);
        }
    }

    /// <summary>A block in which every element of a push has one value.</summary>
    private sealed class Block(ModelSpec spec, BlockReplica replica)
    {
        private readonly int[] _sequence = new int[3];

        public Block(ModelSpec spec, BlockImage? image = null)
            : this(spec, new BlockReplica(spec, BlockLayout.Create(spec).Blocks[0], 0, image: image)) { }

        public BlockReplica Replica { get; } = replica;

        public BlockShape Shape { get; } = BlockLayout.Create(spec).Blocks[0];

        public float[] Values
        {
            get
            {
                var values = new float[4];
                Assert.Equal(BlockStatus.Ok, Replica.Pull(new() { Rank = -1 }, null, Slices(values)).Status);
                return values;
            }
        }

        public void Pull(int rank) => Assert.Equal(BlockStatus.Ok, Replica.Pull(new() { Rank = rank }, null, Slices(new float[4])).Status);

        public float Push(int rank, float gradient, long cut = 0)
        {
            Assert.Equal(BlockStatus.Ok, Replica.Push(Next(rank, cut), null, Full(gradient)).Status);
            return Values[0];
        }

        public float PushPull(int rank, float gradient)
        {
            var values = new float[4];
            Assert.Equal(BlockStatus.Ok, Replica.PushPull(Next(rank, 0), null, Full(gradient), Slices(values)).Status);
            return values[0];
        }

        public Block Moved()
        {
            var moved = new Block(spec, BlockReplica.FromState(spec, Shape, 0, 0, Replica.ToState(spec.Name)));
            _sequence.CopyTo(moved._sequence, 0);
            return moved;
        }

        private MessageHeader Next(int rank, long cut) => new() { Rank = rank, Sequence = _sequence[rank]++, Cut = cut };

        private SegmentSlice[] Full(float value) => Slices([value, value, value, value]);

        private SegmentSlice[] Slices(float[] values) =>
            [.. Shape.Segments.Select((s, i) => new SegmentSlice(i, values.AsMemory(s.Offset, s.Length)))];
    }
}
