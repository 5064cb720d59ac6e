using System.Buffers.Binary;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Core.Tests.Snapshots;

/// <summary>What is wrong with a chunk of a table's shard is named, and what no reader would take is not written.</summary>
public class DamagedTableChunkTests
{
    [Theory]
    [InlineData(8, 2, "format version is 2; this program reads 1")]
    [InlineData(12, 32, "its flags are 32; they are 0 to 31")]
    [InlineData(12, -1, "its flags are -1")]
    [InlineData(12, 3, "its sketch has 8 bytes, and its flags say otherwise")]
    [InlineData(12, 6, "do not fit its")]
    [InlineData(12, 5, "do not fit its")]
    [InlineData(12, 7 + 16, "its flags say otherwise")]
    [InlineData(16, 1, "says that it has 1 bytes")]
    [InlineData(28, int.MinValue, "negative number")]
    [InlineData(36, int.MinValue, "negative number")]
    [InlineData(44, int.MinValue, "negative number")]
    [InlineData(64, -1, "negative number")]
    [InlineData(68, 0, "out of its range")]
    [InlineData(68, 3, "do not fit its")]
    [InlineData(68, int.MaxValue, "out of its range")]
    [InlineData(72, -1, "out of its range")]
    [InlineData(72, 1 << 20, "do not fit its")]
    [InlineData(76, -1, "out of its range")]
    [InlineData(76, int.MaxValue, "do not fit its")]
    [InlineData(76, 2, "do not fit its")]
    [InlineData(80, -1, "out of its range")]
    [InlineData(80, int.MaxValue, "do not fit its")]
    [InlineData(84, -4, "out of its range")]
    [InlineData(84, 0, "flags say otherwise")]
    [InlineData(84, int.MaxValue, "do not fit its")]
    [InlineData(92, int.MinValue, "out of its range")]
    [InlineData(96, 320, "do not fit its")]
    [InlineData(104, 1, "it is no delta")]
    [InlineData(112, 1, "it is no delta")]
    [InlineData(116, 1, "reserved part of its header is not zero")]
    [InlineData(128, 0, "the rest of its model name is not zero")]
    [InlineData(260, -1, "rank 0 says that it has -1 words")]
    [InlineData(260, int.MaxValue, "rank 0 says that it has 2147483647 words, which do not fit")]
    [InlineData(288, 0, "the dedupe state of rank 0 follows that of rank 0")]
    [InlineData(356, int.MaxValue, "key 5 follows key 9223372036854775807")]
    public void A_number_that_breaks_a_rule_is_named(int offset, int value, string problem) => Refused(Samples.Rows(), offset, value, problem);

    [Theory]
    [InlineData(12, 2, "its flags say otherwise")]
    [InlineData(12, 2 + 8, "its flags say otherwise")]
    [InlineData(108, int.MinValue, "its flags say otherwise")]
    [InlineData(112, -1, "its flags say otherwise")]
    [InlineData(112, int.MaxValue, "do not fit its")]
    [InlineData(276, 0, "remaining key 0 follows 4294967289")]
    public void A_number_of_a_delta_that_breaks_a_rule_is_named(int offset, int value, string problem) =>
        Refused(Samples.RowsOfDelta(), offset, value, problem);

    public static TheoryData<string> BrokenRows => [.. Broken.Keys];

    private static readonly Dictionary<string, TableImage> Broken = new()
    {
        ["a negative count"] = Rows(count: -1),
        ["no width"] = Rows(width: 0),
        ["a negative clock"] = Rows(clock: -1),
        ["too few keys"] = Rows(count: 3),
        ["too few records"] = Rows(records: new float[3]),
        ["a key twice"] = Rows(keys: [4, 4]),
        ["keys that fall"] = Rows(keys: [4, 3]),
        ["a sketch of nothing"] = Rows(sketch: []),
        ["remaining keys without a base"] = Rows(remaining: [1]),
        ["no remaining keys without a base"] = Rows(remaining: []),
        ["remaining keys that fall"] = Rows(remaining: [2, 1], baseCut: 1),
    };

    [Theory]
    [MemberData(nameof(BrokenRows))]
    public void Rows_that_break_a_rule_are_not_written(string what) => Assert.ThrowsAny<ArgumentException>(() => Encode(Image(Broken[what])));

    [Fact]
    public void Rows_that_keep_the_rules_are_written() => Assert.NotEmpty(Encode(Image(Rows())));

    [Fact]
    public void A_block_has_rows_or_values()
    {
        Assert.ThrowsAny<ArgumentException>(() => Encode(new()
        {
            Block = 0, Length = 1, Version = 0, EntryIndex = 0, Values = [1], Segments = [new(0, 0, 0, 1, 0)], Dedupe = [], Rows = Rows(),
        }));
    }

    private static byte[] Encode(BlockImage image)
    {
        var bytes = new byte[1024];
        BlockImageCodec.Encode(image, "m", 0, 5, 0, bytes.AsSpan(0, BlockImageCodec.GetEncodedLength(image)));
        return bytes;
    }

    private static void Refused(BlockImage image, int offset, int value, string problem)
    {
        var chunk = Samples.Encode(image);
        BinaryPrimitives.WriteInt32LittleEndian(chunk.AsSpan(offset), value);
        Assert.Contains(problem, Damage.RefusedChunk(Damage.SealChunk(chunk), Samples.Identity).Problem, StringComparison.Ordinal);
    }

    private static BlockImage Image(TableImage rows) => new()
    {
        Block = 0, Length = 0, Version = 0, EntryIndex = 0, Values = [], Segments = [], Dedupe = [], Rows = rows,
    };

    private static TableImage Rows(
        int count = 2, int width = 1, long clock = 0, long[]? keys = null, float[]? records = null, byte[]? sketch = null,
        long[]? remaining = null, long baseCut = -1) => new()
        {
            Count = count, Width = width, StateFloats = 0, CountsUpdates = false, Ages = false, Clock = clock, Keys = keys ?? [3, 4],
            Records = records ?? new float[4], Sketch = sketch, Remaining = remaining, RemainingCount = remaining?.Length ?? 0, BaseCut = baseCut,
        };
}
