using System.Buffers.Binary;
using System.Security.Cryptography;
using OrleansPs.Core.Blocks;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;
using OrleansPs.Core.Tests.Snapshots;

namespace OrleansPs.Core.Tests.Tables;

/// <summary>The state of a shard's replica as bytes, with rows that are staged: whole, or refused by name.</summary>
public class TableStateTests
{
    private static readonly ModelSpec s_spec = TableSpecs.Of(21, ConsistencyPolicy.BulkSynchronous);
    private static readonly BlockShape s_shape = BlockLayout.Create(s_spec).Blocks[0];
    private static readonly int s_width = s_spec.Tables[0].Width;

    [Fact]
    public void Staged_rows_come_back_in_the_order_in_which_they_came()
    {
        var state = ReplicaStateCodec.Decode(State(), s_spec, s_shape, 0, 0);
        Assert.Equal([(0, 1L, 2), (2, 4L, 1)], state.Staged.Select(s => (s.Rank, s.Incarnation, s.NextSequence)));
        Assert.Equal([5, 9, -4], state.Staged[0].Keys);
        Assert.Equal([1f, 3, 2], state.Staged[0].Sum.Chunk(s_width).Select(row => row[0]));
        Assert.Equal([9], state.Staged[1].Keys);
        Assert.Equal(ReplicaStateCodec.LengthOf(state), State().Length);
        Assert.NotNull(state.Image.Rows!.Sketch);
    }

    [Fact]
    public void Wherever_it_breaks_off_and_whichever_bit_is_another_it_is_damaged()
    {
        var bytes = State();
        for (var length = 0; length < bytes.Length; length += 1 + (length % 5)) Refused(bytes[..length]);
        for (var bit = 0; bit < bytes.Length * 8; bit += 7) Refused(Damage.Flip(bytes, bit));
        Refused([.. bytes, 0]);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(int.MaxValue)]
    [InlineData(1 << 29)]
    [InlineData(1000)]
    public void No_number_of_staged_rows_is_believed(int count)
    {
        // The last contribution ends with one key and its row.
        var bytes = State();
        var at = bytes.Length - 32 - (s_width * sizeof(float)) - sizeof(long) - sizeof(int);
        Assert.Equal(1, BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at)));
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), count);
        Assert.Contains($"it counts {count} staged rows", Refused(Sealed(bytes)).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_dense_block_has_no_staged_rows()
    {
        var spec = new ModelSpec("m") { Parameters = [new("w", [3])], Optimizer = Optimizer.Sum() };
        var shape = BlockLayout.Create(spec).Blocks[0];
        var block = new BlockReplica(spec, shape, 0);
        Assert.Equal(BlockStatus.Ok, block.Push(new() { Incarnation = 1 }, null, [new(0, new float[] { 1, 2, 3 })]).Status);
        var bytes = block.ToState("m");
        // Behind the count: one flag and three floats.
        var at = bytes.Length - 32 - 13 - sizeof(int);
        Assert.Equal(0, BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at)));
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), 1);
        var e = Assert.Throws<SnapshotCorruptException>(() => BlockReplica.FromState(spec, shape, 0, 0, Sealed(bytes)));
        Assert.Contains("it counts 1 staged rows", e.Problem, StringComparison.Ordinal);
    }

    private static byte[] State()
    {
        var block = new BlockReplica(s_spec, s_shape, 0);
        Push(0, 1, 0, (5, 1), (9, 1));
        Push(0, 1, 1, (-4, 2), (9, 2));
        Push(2, 4, 0, (9, 7));
        return block.ToState(s_spec.Name);

        void Push(int rank, long incarnation, int sequence, params (long Key, float Value)[] rows)
        {
            var header = new MessageHeader { Rank = rank, Incarnation = incarnation, Sequence = sequence };
            var slices = RandomRows.Slices(([.. rows.Select(r => r.Key)], [.. rows.Select(r => Enumerable.Repeat(r.Value, s_width).ToArray())]));
            Assert.Equal(BlockStatus.Ok, block.Push(header, null, slices).Status);
        }
    }

    private static byte[] Sealed(byte[] bytes)
    {
        var rest = sizeof(int) + sizeof(long) + (int)BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(sizeof(int)));
        SHA256.HashData(bytes.AsSpan(rest..^32), bytes.AsSpan(^32..));
        return bytes;
    }

    private static SnapshotCorruptException Refused(byte[] bytes) =>
        Assert.Throws<SnapshotCorruptException>(() => BlockReplica.FromState(s_spec, s_shape, 0, 0, bytes));
}
