namespace OrleansPs.Core.Compression;

/// <summary>The encoded numbers of one segment.</summary>
/// <remarks>Codes are little-endian, and so must be who reads or writes them: .NET knows few machines that are not.</remarks>
/// <param name="Mode">How they are encoded; float32 as they are with <see cref="GradientCompressionMode.None"/>.</param>
/// <param name="Length">How many numbers they stand for; 0 if this is no code at all.</param>
/// <param name="Bytes">The code.</param>
public readonly record struct SegmentCode(GradientCompressionMode Mode, int Length, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Whether there is one.</summary>
    public bool IsPresent => Length > 0;

    /// <summary>The bytes of the code of a segment; with top-k the most that it may have.</summary>
    /// <param name="mode">How it is encoded.</param>
    /// <param name="start">The segment's first element in its parameter.</param>
    /// <param name="length">Its elements.</param>
    public static long BytesOf(GradientCompressionMode mode, int start, int length) => mode switch
    {
        GradientCompressionMode.Bf16 => Bf16Codec.BytesOf(length),
        GradientCompressionMode.Int8 => Int8Codec.BytesOf(start, length),
        GradientCompressionMode.TopK => (long)length * TopKCodec.EntryBytes,
        GradientCompressionMode.OneBit => OneBitCodec.BytesOf(start, length),
        _ => (long)length * sizeof(float),
    };

    /// <summary>Whether the bytes are a code of a segment: to be asked before <see cref="Decode"/>, and before memory is taken for the numbers.</summary>
    /// <param name="start">The segment's first element in its parameter.</param>
    public bool IsCodeAt(int start) => Mode == GradientCompressionMode.TopK
        ? TopKCodec.IsCode(Bytes.Span, Length)
        : Mode <= GradientCompressionMode.OneBit && Bytes.Length == BytesOf(Mode, start, Length);

    /// <summary>The numbers.</summary>
    /// <param name="start">The segment's first element in its parameter.</param>
    /// <param name="values">As many as <see cref="Length"/>; changed.</param>
    public void Decode(int start, Span<float> values)
    {
        switch (Mode)
        {
            case GradientCompressionMode.Bf16: Bf16Codec.Decode(Bytes.Span, values); break;
            case GradientCompressionMode.Int8: Int8Codec.Decode(Bytes.Span, start, values); break;
            case GradientCompressionMode.TopK: TopKCodec.Decode(Bytes.Span, values); break;
            case GradientCompressionMode.OneBit: OneBitCodec.Decode(Bytes.Span, start, values); break;
            default: System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(Bytes.Span).CopyTo(values); break;
        }
    }
}
