using FsCheck.Xunit;
using OrleansPs.Core.Compression;

namespace OrleansPs.Core.Tests.Compression;

/// <summary>Bytes that are no code are told apart before memory is taken for numbers.</summary>
public class SegmentCodeTests
{
    [Theory]
    [InlineData(GradientCompressionMode.None, 0, 10, 40)]
    [InlineData(GradientCompressionMode.Bf16, 0, 10, 20)]
    [InlineData(GradientCompressionMode.Int8, 0, 256, 4 + 256)]
    [InlineData(GradientCompressionMode.Int8, 0, 257, 8 + 257)]
    [InlineData(GradientCompressionMode.Int8, 250, 10, 8 + 10)]
    [InlineData(GradientCompressionMode.OneBit, 256, 256, 8 + 32)]
    [InlineData(GradientCompressionMode.OneBit, 255, 10, 16 + 2)]
    public void A_code_has_exactly_its_bytes(GradientCompressionMode mode, int start, int length, int bytes)
    {
        Assert.Equal(bytes, SegmentCode.BytesOf(mode, start, length));
        Assert.True(new SegmentCode(mode, length, new byte[bytes]).IsCodeAt(start));
        Assert.False(new SegmentCode(mode, length, new byte[bytes - 1]).IsCodeAt(start));
        Assert.False(new SegmentCode(mode, length, new byte[bytes + 1]).IsCodeAt(start));
    }

    [Theory]
    [InlineData(true, 0, 9)]
    [InlineData(true)]
    [InlineData(false, 0, 10)]
    [InlineData(false, 3, 3)]
    [InlineData(false, 4, 3)]
    [InlineData(false, -1)]
    public void The_indices_of_top_k_ascend_and_are_of_the_piece(bool isCode, params int[] indices)
    {
        var bytes = indices.SelectMany(i => (byte[])[.. BitConverter.GetBytes(i), .. BitConverter.GetBytes(1f)]).ToArray();
        Assert.Equal(isCode, new SegmentCode(GradientCompressionMode.TopK, 10, bytes).IsCodeAt(0));
        if (bytes.Length > 0) Assert.False(new SegmentCode(GradientCompressionMode.TopK, 10, bytes.AsMemory(1)).IsCodeAt(0));
    }

    [Fact]
    public void Another_mode_is_none() => Assert.False(new SegmentCode((GradientCompressionMode)5, 1, new byte[4]).IsCodeAt(0));

    /// <summary>Whatever bytes come: what is called a code can be decoded.</summary>
    [Property(MaxTest = 500)]
    public void Any_code_can_be_decoded(byte mode, byte[] bytes, ushort start, byte length)
    {
        var code = new SegmentCode((GradientCompressionMode)(mode % 6), length + 1, bytes);
        if (code.IsCodeAt(start)) code.Decode(start, new float[length + 1]);
    }

    [Property(MaxTest = 100)]
    public void Any_bytes_of_the_right_number_can_be_decoded(int seed, ushort start, byte length)
    {
        foreach (var mode in (GradientCompressionMode[])[GradientCompressionMode.None, GradientCompressionMode.Bf16, GradientCompressionMode.Int8, GradientCompressionMode.OneBit])
        {
            var bytes = new byte[SegmentCode.BytesOf(mode, start, length + 1)];
            new Random(seed).NextBytes(bytes);
            new SegmentCode(mode, length + 1, bytes).Decode(start, new float[length + 1]);
        }
    }
}
