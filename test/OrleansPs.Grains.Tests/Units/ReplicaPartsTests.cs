using System.Buffers;
using OrleansPs.Core.Blocks;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Replication;
using OrleansPs.Protocol;

namespace OrleansPs.Grains.Tests;

/// <summary>The small parts of a replica's grain.</summary>
public class ReplicaPartsTests
{
    [Fact]
    public async Task Replies_are_given_in_the_order_of_their_entries_and_what_stays_fails()
    {
        var safe = new SafePoint();
        var (first, second, third) = (safe.WaitAsync(3), safe.WaitAsync(5), safe.WaitAsync(5));

        safe.Pass(4);
        Assert.Equal((true, false, false), (first.IsCompleted, second.IsCompleted, third.IsCompleted));
        safe.Pass(5);
        Assert.Equal((true, true, true), (await first, await second, await third));
        var last = safe.WaitAsync(6);
        safe.Fail();
        Assert.False(await last);
    }

    [Fact]
    public void Entries_come_out_of_a_message_as_they_went_in()
    {
        var push = new BlockEntry(1, 7, BlockEntryKind.Push, new() { Rank = 2 });
        var round = new BlockEntry(1, 8, BlockEntryKind.Round, Certificate: new(3, [new(0, 1)]));
        List<LoggedEntry> entries =
            [new(push, new SegmentSlice[] { new(0, new float[] { 1, 2 }), new(1, new float[] { 3 }) }), new(round, default), new(push with { Index = 9 }, new SegmentSlice[] { new(1, new float[] { 4 }) })];

        var (items, gradients) = EntryBatch.Pack(entries);
        var unpacked = EntryBatch.Unpack(items, gradients!.Payload)!;

        Assert.Equal(entries.Select(e => e.Entry), unpacked.Select(e => e.Entry));
        for (var i = 0; i < entries.Count; i++)
            Assert.Equal(Numbers(entries[i]), Numbers(unpacked[i]));
        gradients!.Payload.Dispose();
    }

    [Fact]
    public void What_a_message_still_reads_is_not_used_for_anything_else()
    {
        var numbers = Enumerable.Range(0, 5000).Select(i => (float)i).ToArray();
        var entry = LoggedEntry.CopyOf(new BlockEntry(1, 7, BlockEntryKind.Push), [new SegmentSlice(0, numbers)]);
        var (_, gradients) = EntryBatch.Pack([entry]);
        // The log forgets it: from here on its memory could be anybody's.
        entry.Dispose();
        var others = Enumerable.Range(0, 64).Select(_ => ArrayPool<float>.Shared.Rent(numbers.Length)).ToArray();
        foreach (var other in others) Array.Fill(other, -1);

        Assert.False(gradients!.TryRelease());
        Assert.Equal(numbers, gradients.Payload.Slices.Span[0].Values.ToArray());
        gradients.Payload.Dispose();
        Assert.True(gradients.TryRelease());
        foreach (var other in others) ArrayPool<float>.Shared.Return(other);
    }

    [Fact]
    public void A_message_that_lost_its_numbers_is_no_message()
    {
        List<LoggedEntry> entries = [new(new BlockEntry(1, 7, BlockEntryKind.Push), new SegmentSlice[] { new(0, new float[] { 1 }) })];
        var (items, gradients) = EntryBatch.Pack(entries);
        gradients!.Payload.Dispose();

        Assert.Null(EntryBatch.Unpack(items, null));
    }

    [Theory]
    [InlineData("model/3/00112233445566778899aabbccddeeff/127.0.0.1:11111@7", true)]
    [InlineData("model/record/00112233445566778899aabbccddeeff/127.0.0.1:11111@7", true)]
    [InlineData("model/other/00112233445566778899aabbccddeeff/127.0.0.1:11111@7", false)]
    public void The_keys_of_blocks_and_records_name_their_silo(string key, bool isOne) =>
        Assert.Equal(isOne, BlockKey.TryGetSilo(key, out _));

    private static IEnumerable<(int, float[])> Numbers(LoggedEntry entry) => entry.Gradient.ToArray().Select(s => (s.Segment, s.Values.ToArray()));
}
