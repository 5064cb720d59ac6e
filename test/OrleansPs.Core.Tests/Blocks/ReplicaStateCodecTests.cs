using System.Buffers.Binary;
using System.Security.Cryptography;
using OrleansPs.Core.Blocks;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Core.Tests.Blocks;

/// <summary>A replica's state as bytes: whole, or refused by name.</summary>
public class ReplicaStateCodecTests
{
    private const int ChunkStart = sizeof(int) + sizeof(long);
    private static readonly ModelSpec s_spec = BlockStory.Spec(ConsistencyPolicy.BulkSynchronous) with { Optimizer = Optimizer.Adam() };
    private static readonly BlockShape s_shape = BlockLayout.Create(s_spec).Blocks[0];

    [Fact]
    public void All_of_it_comes_back()
    {
        var state = ReplicaStateCodec.Decode(State(), s_spec, s_shape, 2, 5);
        Assert.Equal((4, 0, 9), (state.Cut, state.WrittenCut, state.Term));
        Assert.Equal([1, 1, 0, 7], state.Fences);
        Assert.Equal(new Certificate(0, [new(0, 1)]), state.LastCertificate);
        Assert.Equal([(0, 1L, 1), (1, 1L, 1)], state.Staged.Select(s => (s.Rank, s.Incarnation, s.NextSequence)));
        Assert.Equal([true, false], state.Staged[0].Touched);
        Assert.Equal([1, 1, 1], state.Staged[0].Sum[..3]);
        Assert.NotNull(state.Image.Slot1);
        Assert.Equal(ReplicaStateCodec.LengthOf(state), State().Length);
    }

    [Fact]
    public void A_replica_that_nobody_has_spoken_to_has_a_state_too()
    {
        var bytes = new BlockReplica(s_spec, s_shape, 0).ToState(s_spec.Name);
        var state = ReplicaStateCodec.Decode(bytes, s_spec, s_shape, 0, 0);
        Assert.Null(state.LastCertificate);
        Assert.Empty(state.Staged);
        Assert.Equal(ReplicaStateCodec.LengthOf(state), bytes.Length);
    }

    [Fact]
    public void Wherever_it_breaks_off_it_is_damaged()
    {
        var bytes = State();
        for (var length = 0; length < bytes.Length; length++) Refused(bytes[..length]);
        Refused([.. bytes, 0]);
    }

    [Fact]
    public void Whichever_bit_is_another_it_is_damaged()
    {
        var bytes = State();
        for (var bit = 0; bit < bytes.Length * 8; bit += 3) Refused(Snapshots.Damage.Flip(bytes, bit));
    }

    [Theory]
    [InlineData(3, 5, 0)]
    [InlineData(1, 5, 0)]
    [InlineData(2, 4, 0)]
    [InlineData(2, 6, 0)]
    [InlineData(2, 5, 1)]
    public void The_state_of_another_generation_epoch_or_block_is_refused(long generation, long epoch, int block)
    {
        var shape = new BlockShape(block, s_shape.Length, s_shape.Segments);
        Assert.Throws<SnapshotCorruptException>(() => BlockReplica.FromState(s_spec, shape, generation, epoch, State()));
    }

    [Fact]
    public void The_state_of_another_model_is_refused()
    {
        var other = new ModelSpec("other") { Parameters = s_spec.Parameters, Optimizer = s_spec.Optimizer };
        Assert.Throws<SnapshotCorruptException>(() => BlockReplica.FromState(other, s_shape, 2, 5, State()));
    }

    [Fact]
    public void A_state_without_what_the_optimizer_needs_is_refused()
    {
        var bytes = new BlockReplica(s_spec with { Optimizer = Optimizer.Sum() }, s_shape, 2, 5).ToState(s_spec.Name);
        Assert.Contains("optimizer state", Refused(bytes).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_faulty_writer_is_found_out_although_its_checksum_fits()
    {
        // Behind the chunk: three numbers and the policy, then the fences, the certificate's round and members, pushes and ranks of pulls, the staged ranks.
        var bytes = State();
        var policy = ChunkStart + (int)BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(sizeof(int))) + (3 * sizeof(long));
        var fences = policy + (2 * sizeof(long)) + (3 * sizeof(int));
        var certificate = fences + sizeof(int) + (4 * sizeof(long));
        var members = certificate + sizeof(long);
        var pulls = members + sizeof(int) + 12 + sizeof(long);
        var staged = pulls + sizeof(int);
        Refused(Sealed(bytes, policy + sizeof(long), 7), "consistency is 7");
        Refused(Sealed(bytes, fences, 5), "5 ranks of 4");
        Refused(Sealed(bytes, fences, -1), "-1 ranks of 4");
        Refused(Sealed(bytes, members, 99), "99 ranks of 4");
        Refused(Sealed(bytes, members + sizeof(int), 4), "rank 4 of 4");
        Refused(Sealed(bytes, pulls, 5), "5 ranks of 4");
        Refused(Sealed(bytes, staged, 3));
        Refused(Sealed(bytes, staged, 1), "behind its end");
        Refused(Sealed(bytes, staged + sizeof(int), -1), "rank -1 of 4 follows rank -1");
        Refused(Sealed(bytes, staged + sizeof(int), 1), "rank 1 of 4 follows rank 1");
        Refused(Sealed(bytes, staged + sizeof(int), 4), "rank 4 of 4");
        Refused(Sealed(bytes, 0, 2), "version 2");
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    [InlineData(1L << 32)]
    [InlineData(-1L)]
    public void No_length_is_believed(long length)
    {
        var bytes = State();
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(sizeof(int)), length);
        Refused(bytes);
    }

    [Fact]
    public void What_is_missing_is_named()
    {
        Assert.Throws<ArgumentNullException>(() => BlockReplica.FromState(null!, s_shape, 2, 5, State()));
        Assert.Throws<ArgumentNullException>(() => BlockReplica.FromState(s_spec, null!, 2, 6, State()));
    }

    /// <summary>One that is in the middle of round 1, of generation 2 and epoch 5.</summary>
    private static byte[] State()
    {
        var block = new BlockReplica(s_spec, s_shape, 2, 5);
        var header = new MessageHeader { Generation = 2, Epoch = 5, Rank = -1, Term = 9, Incarnation = 1, Clock = 1, Certificate = 1 };
        block.Certify(header, [new(0, [new(0, 1)])]);
        block.DropCut(header, 4);
        block.Fence(header, 3, 7);
        for (var rank = 0; rank < 2; rank++)
            Assert.Equal(BlockStatus.Ok, block.Push(header with { Rank = rank }, null, [new(0, new float[] { 1, 1, 1 })]).Status);
        return block.ToState(s_spec.Name);
    }

    private static byte[] Sealed(byte[] bytes, int at, int value)
    {
        byte[] changed = [.. bytes];
        BinaryPrimitives.WriteInt32LittleEndian(changed.AsSpan(at), value);
        var rest = ChunkStart + (int)BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(sizeof(int)));
        SHA256.HashData(changed.AsSpan(rest..^32), changed.AsSpan(^32..));
        return changed;
    }

    private static void Refused(byte[] bytes, string problem) => Assert.Contains(problem, Refused(bytes).Problem, StringComparison.Ordinal);

    private static SnapshotCorruptException Refused(byte[] bytes) =>
        Assert.Throws<SnapshotCorruptException>(() => BlockReplica.FromState(s_spec, s_shape, 2, 5, bytes));
}
