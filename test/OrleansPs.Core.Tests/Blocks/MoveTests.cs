using FsCheck.Xunit;
using OrleansPs.Core.Blocks;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;
using static OrleansPs.ConsistencyPolicy;

namespace OrleansPs.Core.Tests.Blocks;

/// <summary>A replica that goes on in another one's place answers as that would have, to the bit.</summary>
public class MoveTests
{
    private static readonly ModelSpec[] s_specs =
    [
        Spec(BulkSynchronous, Optimizer.Adam(0.1)),
        Spec(BulkSynchronous, Optimizer.Sgd(0.1)) with { Reduction = Reduction.Sum },
        Spec(Asynchronous, Optimizer.Sgd(0.1, momentum: 0.9)),
        Spec(Asynchronous, Optimizer.Adam(0.1)) with { PushesPerStep = 70 },
        Spec(StaleSynchronous(1), Optimizer.AdamW(0.1)),
    ];

    [Property(MaxTest = 60)]
    public void A_moved_replica_answers_as_one_that_stayed(int seed)
    {
        foreach (var spec in s_specs)
        {
            var shape = BlockLayout.Create(spec).Blocks[0];
            var stays = new BlockReplica(spec, shape, 0);
            var commands = new RandomCommands(seed, shape);
            var before = new Random(seed).Next(60);
            for (var i = 0; i < before; i++) commands.Next(stays.Version)(stays);
            var moved = Move(stays, spec, shape);
            GiveUpCut(stays, moved, spec, shape);
            Assert.Equal(stays.Epoch + 1, moved.Epoch);
            for (var i = 0; i < 60; i++)
            {
                var command = commands.Next(stays.Version);
                var (expected, actual) = (command(stays), command(moved));
                Assert.True(expected == actual, $"Seed {seed}, {spec.Consistency}, message {i} after the move:\n{expected}\n{actual}");
            }
            AssertSame(stays, moved);
        }
    }

    [Property(MaxTest = 30)]
    public void A_replica_may_move_again_and_again(int seed)
    {
        foreach (var spec in s_specs)
        {
            var shape = BlockLayout.Create(spec).Blocks[0];
            var (stays, moved) = (new BlockReplica(spec, shape, 0), new BlockReplica(spec, shape, 0));
            var commands = new RandomCommands(seed, shape);
            for (var i = 0; i < 60; i++)
            {
                if (i % 6 == 5)
                {
                    moved = Move(moved, spec, shape);
                    GiveUpCut(stays, moved, spec, shape);
                }
                var command = commands.Next(stays.Version);
                Assert.Equal(command(stays), command(moved));
            }
            Assert.Equal(10, moved.Epoch);
            AssertSame(stays, moved);
        }
    }

    [Fact]
    public void The_open_round_goes_along()
    {
        var spec = BlockStory.Spec(BulkSynchronous);
        var shape = BlockLayout.Create(spec).Blocks[0];
        var block = new BlockReplica(spec, shape, 0);
        var other = new Certificate(0, [new(0, 1)]);
        Assert.Equal(BlockStatus.Ok, block.Certify(Rank(-1, 0), [new(0, [new(0, 1), new(1, 1)])]).Status);
        Assert.Equal(BlockStatus.Ok, block.Push(Rank(0, 0), null, Gradient(shape, 1)).Status);
        Assert.Equal(BlockStatus.Ok, block.Push(Rank(2, 0), null, Gradient(shape, 4)).Status);
        block.Fence(Rank(-1, 0), 3, 7);
        var moved = Move(block, spec, shape);

        Assert.Equal(BlockStatus.OtherEpoch, moved.Push(Rank(1, 0), null, []).Status);
        Assert.Equal(BlockStatus.Duplicate, Push(0, 0, 1));
        Assert.Equal(BlockStatus.OutOfOrder, Push(0, 2, 16));
        Assert.Equal(BlockStatus.Ok, Push(0, 1, 2));
        Assert.Equal(BlockStatus.Fenced, Push(3, 0, 1));
        Assert.Equal(BlockStatus.Conflict, moved.Certify(Rank(-1, 0) with { Epoch = 1 }, [other]).Status);
        Assert.Equal(BlockStatus.Ok, moved.Certify(Rank(-1, 0) with { Epoch = 1 }, [new(1, [new(0, 1), new(2, 1)])]).Status);
        var values = new float[3];
        moved.Pull(new() { Epoch = 1, Rank = -1, Clock = -1 }, null, [new(0, values)]);
        Assert.Equal([7, 7, 7], values);

        BlockStatus Push(int rank, int sequence, float value) =>
            moved.Push(Rank(rank, sequence) with { Epoch = 1 }, null, Gradient(shape, value)).Status;
    }

    [Fact]
    public void Cuts_and_terms_go_along()
    {
        var spec = BlockStory.Spec(Asynchronous);
        var shape = BlockLayout.Create(spec).Blocks[0];
        var block = new BlockReplica(spec, shape, 0);
        var coordinator = Rank(-1, 0) with { Term = 5 };
        Assert.Equal(BlockStatus.Ok, block.Push(Rank(0, 0), null, []).Status);
        var (_, image) = block.TakeCut(coordinator, 3);
        image!.ReturnArrays();
        // Cut 4 begins here, and its copy stays behind.
        Assert.Equal(BlockStatus.Ok, block.Push(Rank(1, 0) with { Cut = 4 }, null, []).Status);
        var moved = Move(block, spec, shape);

        Assert.Equal(5, moved.Term);
        coordinator = coordinator with { Epoch = 1 };
        Assert.Equal(BlockStatus.Fenced, moved.TakeCut(coordinator with { Term = 4 }, 5).Reply.Status);
        Assert.Equal(BlockStatus.CutClosed, moved.TakeCut(coordinator, 4).Reply.Status);
        Assert.Equal(BlockStatus.CutClosed, moved.Push(Rank(2, 0) with { Epoch = 1, Cut = 2 }, null, []).Status);
        Assert.Equal(BlockStatus.Ok, moved.Push(Rank(2, 0) with { Epoch = 1, Cut = 3 }, null, []).Status);
        Assert.Equal(BlockStatus.Duplicate, moved.Push(Rank(0, 0) with { Epoch = 1 }, null, []).Status);
        Assert.Equal(BlockStatus.Ok, moved.TakeCut(coordinator, 5).Reply.Status);
    }

    private static ModelSpec Spec(ConsistencyPolicy policy, Optimizer optimizer) => new("move")
    {
        Parameters = [new("a", [3]), new("b", [9], Initializer.Normal()), new("c", [5]) { Group = "still" }, new("d", [2])],
        Groups = [new("still") { Frozen = true }],
        Optimizer = optimizer,
        Schedule = LearningRateSchedule.Step(3, 0.5),
        Consistency = policy,
        Workers = 3,
        PushesPerStep = 3,
    };

    private static MessageHeader Rank(int rank, int sequence) => new() { Rank = rank, Incarnation = 1, Sequence = sequence, Clock = 1, Certificate = 1 };

    private static SegmentSlice[] Gradient(BlockShape shape, float value) =>
        [.. shape.Segments.Select((s, i) => new SegmentSlice(i, Enumerable.Repeat(value, s.Length).ToArray()))];

    private static BlockReplica Move(BlockReplica replica, ModelSpec spec, BlockShape shape)
    {
        var moved = BlockReplica.FromState(spec, shape, replica.Generation, replica.Epoch, replica.ToState(spec.Name));
        moved.RaiseEpoch(replica.Epoch + 1);
        return moved;
    }

    // A move gives up the frozen copy. The twin that stays gives it up too; entries count alike in both.
    private static void GiveUpCut(BlockReplica stays, BlockReplica moved, ModelSpec spec, BlockShape shape)
    {
        var state = ReplicaStateCodec.Decode(stays.ToState(spec.Name), spec, shape, stays.Generation, stays.Epoch);
        foreach (var one in new[] { stays, moved })
            Assert.Equal(BlockStatus.Ok, one.DropCut(new() { Epoch = one.Epoch, Term = one.Term, Rank = -1 }, state.Cut).Status);
    }

    private static void AssertSame(BlockReplica stays, BlockReplica moved)
    {
        Assert.Equal((stays.Version, stays.LastEntry, stays.Term), (moved.Version, moved.LastEntry, moved.Term));
        var incarnations = new Dictionary<int, long> { [0] = 1, [1] = 2, [2] = 1 };
        Assert.Equal(Replicas.StateOf(stays, incarnations), Replicas.StateOf(moved, incarnations));
    }
}
