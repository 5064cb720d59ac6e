using System.Buffers.Binary;
using FsCheck.Xunit;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Core.Tests.Snapshots;

/// <summary>A chunk that is not exactly what was written is refused, always by the same exception, and never believed.</summary>
[Properties(Arbitrary = [typeof(Arbitraries)])]
public class DamagedChunkTests
{
    private const int Trailer = 32;

    [Theory]
    [MemberData(nameof(GoldenTests.Images), MemberType = typeof(GoldenTests))]
    public void Every_single_flipped_bit_is_found(string name)
    {
        var chunk = Sample(name);
        for (var bit = 0; bit < chunk.Length * 8; bit++) Damage.RefusedChunk(Damage.Flip(chunk, bit));
    }

    [Theory]
    [MemberData(nameof(GoldenTests.Images), MemberType = typeof(GoldenTests))]
    public void Every_truncation_is_found(string name)
    {
        var chunk = Sample(name);
        for (var length = 0; length < chunk.Length; length++) Damage.RefusedChunk(chunk[..length]);
    }

    [Theory]
    [MemberData(nameof(GoldenTests.Images), MemberType = typeof(GoldenTests))]
    public void Every_appended_byte_is_found(string name)
    {
        var chunk = Sample(name);
        for (var b = 0; b < 256; b++) Damage.RefusedChunk([.. chunk, (byte)b]);
    }

    [Property]
    public void A_flip_a_cut_and_an_append_of_any_image_are_found(BlockImage image, uint place, byte more)
    {
        var chunk = Samples.Encode(image);
        Damage.RefusedChunk(Damage.Flip(chunk, (int)(place % (chunk.Length * 8))));
        Damage.RefusedChunk(chunk[..(int)(place % chunk.Length)]);
        Damage.RefusedChunk([.. chunk, more]);
    }

    [Property(MaxTest = 1000)]
    public void Random_bytes_are_no_chunk(byte[] bytes)
    {
        Damage.RefusedChunk(bytes);
        var start = Samples.Encode(Samples.Values()).AsSpan(0, 256).ToArray();
        Damage.RefusedChunk([.. start, .. bytes]);
        Damage.RefusedChunk(Damage.SealChunk([.. start, .. bytes, .. new byte[Trailer]]), Samples.Identity);
    }

    /// <summary>
    /// A checksum only says that somebody wrote these bytes. With any number of the header and the tables replaced and the
    /// checksum made to fit, a chunk is either refused, or it is exactly what its image gives when it is written.
    /// </summary>
    [Theory]
    [MemberData(nameof(GoldenTests.Images), MemberType = typeof(GoldenTests))]
    public void A_chunk_with_a_fitting_checksum_is_refused_or_canonical(string name)
    {
        var chunk = Sample(name);
        var accepted = 0;
        for (var offset = 0; offset + 8 <= chunk.Length - Trailer; offset += 4)
        {
            foreach (var value in (long[])[0, 1, 2, 3, 4, 5, 255, 1 << 16, int.MaxValue, int.MinValue, -1, long.MaxValue, long.MinValue])
            {
                accepted += IsRefusedOrCanonical(chunk, bytes => BinaryPrimitives.WriteInt64LittleEndian(bytes[offset..], value)) ? 1 : 0;
                accepted += IsRefusedOrCanonical(chunk, bytes => BinaryPrimitives.WriteInt32LittleEndian(bytes[offset..], (int)value)) ? 1 : 0;
            }
        }
        Assert.True(accepted > 0, "Some replaced numbers, such as the version, make another valid chunk.");
    }

    [Property(MaxTest = 500)]
    public void Random_damage_with_a_fitting_checksum_is_refused_or_canonical(BlockImage image, (ushort Place, byte Value)[] damage) =>
        IsRefusedOrCanonical(Samples.Encode(image), bytes =>
        {
            foreach (var (place, value) in damage) bytes[place % (bytes.Length - Trailer)] = value;
        });

    [Fact]
    public void A_newer_version_is_refused_by_its_number()
    {
        var e = Damage.RefusedChunk(Patched(8, 2));
        Assert.Contains("format version is 2", e.Problem, StringComparison.Ordinal);
        Assert.Contains("reads 1", e.Problem, StringComparison.Ordinal);
        Assert.Contains("newer program", e.Problem, StringComparison.Ordinal);
        Assert.DoesNotContain("newer program", Damage.RefusedChunk(Patched(8, 0)).Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 0, "does not begin as a chunk does")]
    [InlineData(12, 4, "optimizer states 4")]
    [InlineData(12, -1, "optimizer states -1")]
    [InlineData(16, 1, "says that it has 1 bytes")]
    [InlineData(68, 6, "do not fit its 540 bytes")]
    [InlineData(68, int.MaxValue, "do not fit its 540 bytes")]
    [InlineData(72, int.MaxValue, "do not fit its 540 bytes")]
    [InlineData(76, int.MaxValue, "do not fit its 540 bytes")]
    [InlineData(80, 256, "do not fit its 540 bytes")]
    [InlineData(64, -1, "negative number")]
    [InlineData(68, -1, "negative number")]
    [InlineData(72, -1, "negative number")]
    [InlineData(76, -1, "negative number")]
    [InlineData(28, int.MinValue, "negative number")]
    [InlineData(36, int.MinValue, "negative number")]
    [InlineData(44, int.MinValue, "negative number")]
    [InlineData(88, 1, "reserved part of its header is not zero")]
    [InlineData(128, 0, "the rest of its model name is not zero")]
    [InlineData(128, 0x61616180, "model name is not 1 to 128 ASCII")]
    [InlineData(256, -1, "segment 0 has a negative number")]
    [InlineData(260, -1, "segment 0 has a negative number")]
    [InlineData(268, -1, "segment 0 has a negative number")]
    [InlineData(276, -1, "segment 0 has a negative number")]
    [InlineData(288, 1, "segment 1 begins at 1, before the end of the one before it at 2")]
    [InlineData(292, 4, "segment 1 ends at 6, beyond the block's 5 floats")]
    [InlineData(292, int.MaxValue, "segment 1 ends at 2147483649, beyond the block's 5 floats")]
    [InlineData(308, -1, "rank 0 says that it has -1 words")]
    [InlineData(308, int.MaxValue, "rank 0 says that it has 2147483647 words, which do not fit")]
    [InlineData(364, 2, "the gap before its values is not zero")]
    [InlineData(336, 0, "the dedupe state of rank 0 follows that of rank 0")]
    [InlineData(412, 1, "the gap before its values is not zero")]
    public void A_number_that_breaks_a_rule_is_named(int offset, long value, string problem) =>
        Assert.Contains(problem, Damage.RefusedChunk(Patched(offset, unchecked((int)value)), Samples.Identity).Problem, StringComparison.Ordinal);

    [Fact]
    public void Values_that_begin_a_line_too_late_are_refused()
    {
        // An empty block whose values begin 64 bytes further on: all sizes fit, but no writer leaves such a gap.
        var chunk = Samples.Encode(Samples.Empty());
        byte[] longer = [.. chunk[..^Trailer], .. new byte[64 + Trailer]];
        BinaryPrimitives.WriteInt64LittleEndian(longer.AsSpan(16), longer.Length);
        BinaryPrimitives.WriteInt64LittleEndian(longer.AsSpan(80), 320);
        Assert.Contains("its tables end at 256", Damage.RefusedChunk(Damage.SealChunk(longer)).Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("other", 2, 17, 4, 1)]
    [InlineData("fashion-mnist", 3, 17, 4, 1)]
    [InlineData("fashion-mnist", 2, 18, 4, 1)]
    [InlineData("fashion-mnist", 2, 17, 5, 1)]
    [InlineData("fashion-mnist", 2, 17, 4, 0)]
    public void Another_chunk_than_the_expected_one_is_refused(string model, long generation, long cut, int block, long epoch)
    {
        var e = Damage.RefusedChunk(Samples.Encode(Samples.Full()), new(model, generation, cut, block, epoch));
        Assert.Equal($"it is chunk g2-c17-b4-e1 of model 'fashion-mnist', not g{generation}-c{cut}-b{block}-e{epoch} of '{model}'.", e.Problem);
    }

    private static byte[] Sample(string name) => Samples.Encode(Samples.Images.Single(i => i.Name == name).Image);

    private static byte[] Patched(int offset, int value)
    {
        var chunk = Samples.Encode(Samples.Full());
        BinaryPrimitives.WriteInt32LittleEndian(chunk.AsSpan(offset), value);
        return Damage.SealChunk(chunk);
    }

    private delegate void Change(Span<byte> chunk);

    private static bool IsRefusedOrCanonical(byte[] chunk, Change change)
    {
        var bytes = chunk.ToArray();
        change(bytes);
        Damage.SealChunk(bytes);
        try
        {
            var image = BlockImageCodec.Decode(bytes, Damage.Name, null);
            var header = bytes.AsSpan();
            var model = System.Text.Encoding.ASCII.GetString(header[128..256]).TrimEnd('\0');
            Assert.Equal(bytes, Samples.Encode(image, new(
                model, BinaryPrimitives.ReadInt64LittleEndian(header[24..]), BinaryPrimitives.ReadInt64LittleEndian(header[32..]),
                image.Block, BinaryPrimitives.ReadInt64LittleEndian(header[40..]))));
            return true;
        }
        catch (SnapshotCorruptException e)
        {
            Assert.Equal(Damage.Name, e.Name);
            // The same answer to whoever expects a certain chunk.
            Damage.RefusedChunk(bytes, Samples.Identity);
            return false;
        }
    }
}
