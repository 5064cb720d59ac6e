namespace OrleansPs.Core.Compression;

/// <summary>
/// What a worker's pull is answered with, of a segment: nothing is random or left for later, so it depends on the values alone. With int8 a segment begins
/// where a chunk does, for the size of blocks is a multiple of a chunk's.
/// </summary>
public static class PullCodec
{
    /// <summary>The bytes of the code of a segment.</summary>
    public static int BytesOf(GradientCompressionMode mode, int length) => checked((int)SegmentCode.BytesOf(mode, 0, length));

    /// <summary>Encodes a segment.</summary>
    /// <param name="mode">How: none, bf16 or int8.</param>
    /// <param name="values">The segment.</param>
    /// <param name="code">As long as <see cref="BytesOf"/> says.</param>
    public static void Encode(GradientCompressionMode mode, ReadOnlySpan<float> values, Span<byte> code)
    {
        switch (mode)
        {
            case GradientCompressionMode.Bf16: Bf16Codec.Encode(values, code); break;
            case GradientCompressionMode.Int8: Int8Codec.EncodeNearest(values, code); break;
            default: System.Runtime.InteropServices.MemoryMarshal.AsBytes(values).CopyTo(code); break;
        }
    }

    /// <summary>What is received of a segment whose code nobody needs: the same bits, without room for a code.</summary>
    /// <param name="mode">As with <see cref="Encode"/>.</param>
    /// <param name="values">The segment.</param>
    /// <param name="received">As long; changed.</param>
    public static void Copy(GradientCompressionMode mode, ReadOnlySpan<float> values, Span<float> received)
    {
        if (mode == GradientCompressionMode.None)
        {
            values.CopyTo(received);
            return;
        }
        Span<byte> code = stackalloc byte[Chunks.Length * sizeof(float)];
        for (var at = 0; at < values.Length; at += Chunks.Length)
        {
            var length = Math.Min(Chunks.Length, values.Length - at);
            var used = code[..BytesOf(mode, length)];
            Encode(mode, values.Slice(at, length), used);
            if (mode == GradientCompressionMode.Bf16) Bf16Codec.Decode(used, received.Slice(at, length));
            else Int8Codec.Decode(used, 0, received.Slice(at, length));
        }
    }
}
