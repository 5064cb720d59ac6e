using OrleansPs.Core.Snapshots;

namespace OrleansPs.Core.Tests.Snapshots;

/// <summary>Nothing is written that would be refused when it is read.</summary>
public class EncodeRulesTests
{
    [Theory]
    [InlineData("")]
    [InlineData("ä")]
    [InlineData("a\0b")]
    public void A_model_name_must_be_ascii(string model) =>
        Assert.Throws<ArgumentException>(() => Samples.Encode(Samples.Full(), Samples.Identity with { Model = model }));

    [Fact]
    public void A_model_name_must_fit_its_field()
    {
        Samples.Encode(Samples.Full(), Samples.Identity with { Model = new string('x', 128) });
        Assert.Throws<ArgumentException>(() => Samples.Encode(Samples.Full(), Samples.Identity with { Model = new string('x', 129) }));
    }

    [Fact]
    public void The_numbers_of_an_identity_must_not_be_negative()
    {
        Assert.ThrowsAny<ArgumentException>(() => Samples.Encode(Samples.Full(), Samples.Identity with { Generation = -1 }));
        Assert.ThrowsAny<ArgumentException>(() => Samples.Encode(Samples.Full(), Samples.Identity with { Cut = -1 }));
        Assert.ThrowsAny<ArgumentException>(() => Samples.Encode(Samples.Full(), Samples.Identity with { Epoch = -1 }));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void The_destination_must_have_the_exact_size(int more)
    {
        var bytes = new byte[BlockImageCodec.GetEncodedLength(Samples.Full()) + more];
        Assert.Throws<ArgumentException>(() => BlockImageCodec.Encode(Samples.Full(), "m", 0, 0, 0, bytes));
    }

    public static TheoryData<string> BrokenImages => [.. Broken.Keys];

    private static readonly Dictionary<string, BlockImage> Broken = new()
    {
        ["a negative block"] = Image(block: -1),
        ["a negative length"] = Image(length: -1),
        ["too few values"] = Image(length: 3),
        ["a short first slot"] = Image(slot0: new float[1]),
        ["a short second slot"] = Image(slot1: new float[1]),
        ["a negative parameter"] = Image(segments: [new(-1, 0, 0, 2, 0)]),
        ["a negative start"] = Image(segments: [new(0, -1, 0, 2, 0)]),
        ["a negative offset"] = Image(segments: [new(0, 0, -1, 2, 0)]),
        ["a negative segment"] = Image(segments: [new(0, 0, 0, -2, 0)]),
        ["negative updates"] = Image(segments: [new(0, 0, 0, 2, -1)]),
        ["a segment beyond the end"] = Image(segments: [new(0, 0, 1, 2, 0)]),
        ["overlapping segments"] = Image(segments: [new(0, 0, 0, 2, 0), new(1, 0, 1, 1, 0)]),
        ["a negative rank"] = Image(dedupe: [new(-1, 0, 0, [])]),
        ["a rank twice"] = Image(dedupe: [new(1, 0, 0, []), new(1, 0, 0, [])]),
    };

    [Theory]
    [MemberData(nameof(BrokenImages))]
    public void An_image_that_breaks_a_rule_is_not_written(string what)
    {
        var destination = new byte[4096];
        Assert.ThrowsAny<ArgumentException>(() => BlockImageCodec.Encode(Broken[what], "m", 0, 0, 0, destination));
    }

    [Fact]
    public void A_name_needs_numbers_that_are_not_negative()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => ChunkName.Of(-1, 0, 0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => ChunkName.Of(0, -1, 0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => ChunkName.Of(0, 0, -1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => ChunkName.Of(0, 0, 0, -1));
        Assert.Equal("g1-c2-b3-e4", ChunkName.Of(1, 2, 3, 4));
    }

    [Theory]
    [InlineData("")]
    [InlineData("g1-c2-b3")]
    [InlineData("g1-c2-b3-e4-")]
    [InlineData("g1-c2-b3-e")]
    [InlineData("g1-c2-b3-e04")]
    [InlineData("g1-c2-b3-e+4")]
    [InlineData("g1-c2-b3-e 4")]
    [InlineData("g-1-c2-b3-e4")]
    [InlineData("G1-c2-b3-e4")]
    [InlineData("c1-g2-b3-e4")]
    [InlineData("g1-b2-c3-e4")]
    [InlineData("g1-c2-e3-b4")]
    [InlineData("g1-c2-b2147483648-e4")]
    [InlineData("g9223372036854775808-c2-b3-e4")]
    [InlineData("../g1-c2-b3-e4")]
    [InlineData("g1-c2-b3-e4\n")]
    [InlineData("g1-c2-b3-e٤")]
    public void Nothing_but_an_exact_name_is_read(string name) => Assert.False(ChunkName.TryParse("m", name, out _));

    private static BlockImage Image(
        int block = 0, int length = 2, float[]? slot0 = null, float[]? slot1 = null, SegmentImage[]? segments = null,
        DedupeImage[]? dedupe = null) => new()
        {
            Block = block,
            Length = length,
            Version = 0,
            EntryIndex = 0,
            Values = [1, 2],
            Slot0 = slot0,
            Slot1 = slot1,
            Segments = segments ?? [],
            Dedupe = dedupe ?? [],
        };
}
