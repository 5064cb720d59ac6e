using FsCheck.Xunit;
using OrleansPs.Core.Blocks;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;
using OrleansPs.Core.Tests.Optimizers;

namespace OrleansPs.Core.Tests.Blocks;

/// <summary>A second replica that is given the same log is the same block; so is one that begins with an image.</summary>
public class ReplicaTests
{
    private static readonly ModelSpec[] s_specs =
    [
        Spec(ConsistencyPolicy.BulkSynchronous, Optimizer.Adam(0.1)),
        Spec(ConsistencyPolicy.BulkSynchronous, Optimizer.Sgd(0.1, momentum: 0.9)) with { Reduction = Reduction.Sum },
        Spec(ConsistencyPolicy.Asynchronous, Optimizer.Sgd(0.1, momentum: 0.9)),
        Spec(ConsistencyPolicy.StaleSynchronous(1), Optimizer.AdamW(0.1)),
    ];

    // Not among the others: an image knows nothing of pulls, so a block that begins with one is not the same at first.
    private static readonly ModelSpec[] s_compensated =
    [
        Spec(ConsistencyPolicy.StaleSynchronous(2), Optimizer.Sgd(0.1)) with { Compensation = StalenessCompensation.ByLr() },
        Spec(ConsistencyPolicy.Asynchronous, Optimizer.Adagrad(0.1)) with { Compensation = StalenessCompensation.DcAsgd(0.5) },
    ];

    [Property(MaxTest = 50)]
    public void A_standby_that_takes_over_answers_as_the_primary_would_have(int seed)
    {
        foreach (var spec in s_specs.Concat(s_compensated))
        {
            var shape = BlockLayout.Create(spec).Blocks[0];
            var standby = new BlockReplica(spec, shape, 0);
            var feed = new Feed(standby);
            var primary = new BlockReplica(spec, shape, 0, sink: feed);
            var commands = new RandomCommands(seed, shape);
            for (var i = 0; i < 40; i++) commands.Next(primary.Version)(primary);
            feed.IsOn = false;
            for (var i = 0; i < 40; i++)
            {
                var command = commands.Next(primary.Version);
                var (expected, actual) = (command(primary), command(standby));
                Assert.True(expected == actual, $"Seed {seed}, {spec.Consistency}, message {i} after the change:\n{expected}\n{actual}");
            }
            Assert.Equal((primary.Version, primary.LastEntry, primary.Term), (standby.Version, standby.LastEntry, standby.Term));
            Assert.Equal(Replicas.StateOf(primary, s_incarnations), Replicas.StateOf(standby, s_incarnations));
        }
    }

    [Property(MaxTest = 50)]
    public void A_block_that_moved_answers_as_the_one_that_stayed_would_have(int seed)
    {
        foreach (var spec in s_specs.Concat(s_compensated))
        {
            var shape = BlockLayout.Create(spec).Blocks[0];
            var stayed = new BlockReplica(spec, shape, 0);
            var commands = new RandomCommands(seed, shape);
            for (var i = 0; i < 40; i++) commands.Next(stayed.Version)(stayed);
            // A move gives up the open cut, in the name of a coordinator whose term is the newest.
            stayed.DropCut(new() { Term = 3 }, cut: 20);
            var moved = BlockReplica.FromState(spec, shape, 0, 0, stayed.ToState(spec.Name));
            moved.RaiseEpoch(1);
            for (var i = 0; i < 40; i++)
            {
                var command = commands.Next(stayed.Version);
                var (expected, actual) = (command(stayed), command(moved));
                Assert.True(expected == actual, $"Seed {seed}, {spec.Consistency}, message {i} after the move:\n{expected}\n{actual}");
            }
            Assert.Equal((stayed.Version, stayed.LastEntry, stayed.Term, 1), (moved.Version, moved.LastEntry, moved.Term, moved.Epoch));
            Assert.Equal(stayed.StateBytes, moved.StateBytes);
        }
    }

    [Property(MaxTest = 30)]
    public void A_state_that_is_not_whole_or_of_another_block_is_refused(int seed)
    {
        var spec = s_specs[0];
        var shape = BlockLayout.Create(spec).Blocks[0];
        var block = new BlockReplica(spec, shape, 4, epoch: 6);
        var commands = new RandomCommands(seed, shape);
        for (var i = 0; i < 30; i++) commands.Next(block.Version)(block);
        block.DropCut(new() { Generation = 4, Epoch = 6, Term = 9 }, cut: 20);
        var state = block.ToState(spec.Name);
        var random = new Random(seed);

        Assert.Throws<SnapshotCorruptException>(() => BlockReplica.FromState(spec, shape, 4, 6, state.AsSpan(0, random.Next(state.Length))));
        Assert.Throws<SnapshotCorruptException>(() => BlockReplica.FromState(spec, shape, 4, 6, (byte[])[.. state, 0]));
        Assert.Throws<SnapshotCorruptException>(() => BlockReplica.FromState(spec, shape, 4, 7, state));
        Assert.Throws<SnapshotCorruptException>(() => BlockReplica.FromState(spec, shape, 5, 6, state));
        Assert.Throws<SnapshotCorruptException>(() => BlockReplica.FromState(spec with { Name = "other" }, shape, 4, 6, state));
        Assert.Throws<SnapshotCorruptException>(() => BlockReplica.FromState(spec, shape, 4, 6, (byte[])[9, .. state.AsSpan(1)]));
        BlockReplica.FromState(spec, shape, 4, 6, state).Release();
    }

    [Property(MaxTest = 50)]
    public void A_block_with_an_image_goes_on_with_the_same_bits(int seed)
    {
        foreach (var spec in s_specs)
        {
            var shape = BlockLayout.Create(spec).Blocks[0];
            var block = new BlockReplica(spec, shape, 0);
            var commands = new RandomCommands(seed, shape);
            for (var i = 0; i < 40; i++) commands.Next(block.Version)(block);
            // Staged contributions are not in a snapshot: a restore goes on with a round that nobody has begun.
            block.Certify(new(), [new(block.Version, [])]);
            var image = Replicas.ImageOf(block, cut: 1000);
            var twin = new BlockReplica(spec, shape, 0, image: image, cut: 1000);
            image.ReturnArrays();
            for (var i = 0; i < 40; i++)
            {
                var (header, gradient) = Push(seed + i, shape, i);
                header = header with { Clock = block.Version };
                Certificate certificate = new(block.Version, [new(0, 9), new(1, 9), new(2, 9)]);
                foreach (var one in new[] { block, twin })
                {
                    one.Push(header, null, gradient);
                    if (i % 7 == 6) one.Certify(header, [certificate]);
                }
            }
            AssertSame(Replicas.ImageOf(block), Replicas.ImageOf(twin), seed);
        }
    }

    [Fact]
    public void A_standby_takes_entries_in_order_without_gaps_and_of_its_epoch_alone()
    {
        var spec = BlockStory.Spec(ConsistencyPolicy.Asynchronous);
        var shape = BlockLayout.Create(spec).Blocks[0];
        var standby = new BlockReplica(spec, shape, generation: 2, epoch: 5);
        var entry = new BlockEntry(5, 1, BlockEntryKind.Push, new() { Rank = 0 });
        SegmentSlice[] gradient = [new(0, new float[] { 1, 1, 1 })];
        Assert.False(standby.Accept(entry with { Index = 2 }, gradient));
        Assert.False(standby.Accept(entry with { Index = 0 }, gradient));
        Assert.False(standby.Accept(entry with { Epoch = 4 }, gradient));
        Assert.False(standby.Accept(entry with { Epoch = 6 }, gradient));
        Assert.Equal(0, standby.LastEntry);
        Assert.True(standby.Accept(entry, gradient));
        Assert.False(standby.Accept(entry, gradient));
        Assert.Equal(1, standby.LastEntry);
        var values = new float[3];
        var header = new MessageHeader { Generation = 2, Epoch = 5, Rank = -1 };
        Assert.Equal(BlockStatus.Ok, standby.Pull(header, null, [new(0, values)]).Status);
        Assert.Equal([1, 1, 1], values);
        Assert.Equal((2, 5, 0), (standby.Generation, standby.Epoch, standby.Block));
    }

    [Fact]
    public void Slices_that_do_not_fit_are_a_bug_and_change_nothing()
    {
        var shape = BlockLayout.Create(BlockStory.Spec(ConsistencyPolicy.Asynchronous)).Blocks[0];
        var block = new BlockReplica(BlockStory.Spec(ConsistencyPolicy.Asynchronous), shape, 0);
        SegmentSlice[] bad = [new(0, new float[3]), new(1, new float[4])];
        SegmentSlice[] good = [new(0, new float[] { 1, 1, 1 })];
        Assert.Throws<ArgumentException>(() => block.Push(new() { Cut = 1 }, null, bad));
        Assert.Throws<ArgumentException>(() => block.Pull(new(), null, bad));
        Assert.Throws<ArgumentException>(() => block.PushPull(new() { Cut = 1 }, null, good, bad));
        Assert.Throws<ArgumentException>(() => block.PushPull(new() { Cut = 1 }, null, bad, good));
        Assert.Equal(0, block.LastEntry);
    }

    [Fact]
    public void Its_bytes_are_those_of_its_values_and_optimizer_state()
    {
        var spec = BlockStory.Spec(ConsistencyPolicy.Asynchronous);
        Assert.Equal(8 * 4, Bytes(Optimizer.Sum()));
        Assert.Equal(2 * 8 * 4, Bytes(Optimizer.Sgd(momentum: 0.9)));
        Assert.Equal(3 * 8 * 4, Bytes(Optimizer.Adam()));

        long Bytes(Optimizer optimizer) =>
            new BlockReplica(spec with { Optimizer = optimizer }, BlockLayout.Create(spec).Blocks[0], 0).StateBytes;
    }

    [Fact]
    public void One_that_holds_a_frozen_copy_can_be_released()
    {
        var spec = BlockStory.Spec(ConsistencyPolicy.BulkSynchronous);
        var block = new BlockReplica(spec, BlockLayout.Create(spec).Blocks[0], 0);
        Assert.Equal(BlockStatus.Ok, block.Push(new() { Rank = 0 }, null, []).Status);
        Assert.Equal(BlockStatus.Ok, block.Freeze(new() { Rank = -1 }, 1, []).Status);
        block.Release();
    }

    [Fact]
    public void What_is_missing_is_named()
    {
        var spec = BlockStory.Spec(ConsistencyPolicy.BulkSynchronous);
        var shape = BlockLayout.Create(spec).Blocks[0];
        Assert.Throws<ArgumentNullException>(() => new BlockReplica(null!, shape, 0));
        Assert.Throws<ArgumentNullException>(() => new BlockReplica(spec, null!, 0));
        Assert.Throws<ArgumentNullException>(() => new BlockReplica(spec, shape, 0).Certify(new(), null!));
    }

    private static readonly Dictionary<int, long> s_incarnations = new() { [0] = 1, [1] = 2, [2] = 1 };

    private static ModelSpec Spec(ConsistencyPolicy policy, Optimizer optimizer) => new("replica")
    {
        Parameters = [new("a", [3]), new("b", [9], Initializer.Normal()), new("c", [5]) { Group = "still" }, new("d", [2])],
        Groups = [new("still") { Frozen = true }],
        Optimizer = optimizer,
        Schedule = LearningRateSchedule.Step(3, 0.5),
        Consistency = policy,
        Workers = 3,
        PushesPerStep = 3,
    };

    private static (MessageHeader Header, SegmentSlice[] Gradient) Push(int seed, BlockShape shape, long step)
    {
        var random = new Random(seed);
        var gradient = shape.Segments.Select((s, i) =>
            new SegmentSlice(i, Enumerable.Range(0, s.Length).Select(_ => (float)random.NextDouble()).ToArray()));
        return (new() { Rank = random.Next(3), Incarnation = 9, Step = step / 4, Cut = 1000, Sequence = random.Next(2) }, [.. gradient]);
    }

    private static void AssertSame(BlockImage expected, BlockImage actual, int seed)
    {
        Assert.True(expected.Version == actual.Version, $"Seed {seed}: version {expected.Version}, not {actual.Version}.");
        Bits.AssertSame(expected.Values.AsSpan(0, expected.Length), actual.Values.AsSpan(0, expected.Length));
        Bits.AssertSame(expected.Slot0.AsSpan(0, expected.Length), actual.Slot0.AsSpan(0, expected.Length));
        if (expected.Slot1 is not null) Bits.AssertSame(expected.Slot1.AsSpan(0, expected.Length), actual.Slot1.AsSpan(0, expected.Length));
        Assert.Equal(expected.Segments, actual.Segments);
        Assert.Equal(Dedupe(expected), Dedupe(actual));
    }

    private static IEnumerable<string> Dedupe(BlockImage image) => image.Dedupe.Select(d => $"{d.Rank} {d.Step} {d.Bits[0]}");
}
