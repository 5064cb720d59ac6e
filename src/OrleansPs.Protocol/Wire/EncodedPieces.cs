using System.Buffers;
using System.Runtime.InteropServices;
using Orleans.Serialization.Buffers;
using OrleansPs.Core.Messages;

namespace OrleansPs.Protocol;

/// <summary>
/// The bytes of a <see cref="TensorPayload"/> whose pieces are encoded: version, how many pieces; of each its segment, how many floats it stands for, how it is
/// encoded (a byte) and the number of its bytes; then all codes. They are read as they are: only the block knows what they must be.
/// </summary>
internal static class EncodedPieces
{
    public const byte Version = 3;

    private const int PieceBytes = (3 * sizeof(int)) + 1;
    private const int HeadBytes = 1 + sizeof(int);

    public static void Write<TBufferWriter>(ref Writer<TBufferWriter> writer, ReadOnlySpan<SegmentSlice> slices)
        where TBufferWriter : IBufferWriter<byte>
    {
        var bytes = HeadBytes + ((long)slices.Length * PieceBytes);
        foreach (var slice in slices) bytes += slice.Bytes;
        writer.WriteVarUInt32(checked((uint)bytes));
        writer.WriteByte(Version);
        writer.WriteInt32(slices.Length);
        foreach (var slice in slices)
        {
            var code = CodeLength.Of(slice);
            writer.WriteInt32(slice.Segment);
            writer.WriteInt32(code.Floats);
            writer.WriteByte((byte)code.Mode);
            writer.WriteInt32(code.Bytes);
        }
        foreach (var slice in slices) writer.Write(CodeLength.BytesOf(slice));
    }

    /// <summary>Reads what follows the version. Every length is held against the bytes that came before memory is taken.</summary>
    public static TensorPayload Read<TInput>(ref Reader<TInput> reader, uint length)
    {
        var count = reader.ReadInt32();
        if (count is < 0 or > TensorPayloadCodec.MaxPieces || HeadBytes + ((long)count * PieceBytes) > length) throw TensorPayloadCodec.Broken();
        var (segments, codes) = (new int[count], new CodeLength[count]);
        var bytes = HeadBytes + ((long)count * PieceBytes);
        for (var i = 0; i < count; i++)
        {
            segments[i] = reader.ReadInt32();
            var floats = reader.ReadInt32();
            codes[i] = new((GradientCompressionMode)reader.ReadByte(), floats, reader.ReadInt32());
            if (segments[i] < 0 || floats < 1 || codes[i].Mode > GradientCompressionMode.OneBit || codes[i].Bytes < 0) throw TensorPayloadCodec.Broken();
            bytes += codes[i].Bytes;
        }
        if (bytes != length) throw TensorPayloadCodec.Broken();
        var payload = TensorPayload.RentCodes(segments, codes);
        foreach (var slice in payload.Slices.Span) reader.ReadBytes(MemoryMarshal.AsMemory(slice.Code.Bytes).Span);
        return payload;
    }
}

/// <summary>How large the code of one piece is.</summary>
/// <param name="Mode">How it is encoded.</param>
/// <param name="Floats">How many floats it stands for, at least one.</param>
/// <param name="Bytes">Its bytes.</param>
internal readonly record struct CodeLength(GradientCompressionMode Mode, int Floats, int Bytes)
{
    /// <summary>The code of a piece; floats among codes are one too.</summary>
    public static CodeLength Of(in SegmentSlice slice) => new(slice.Code.Mode, slice.Length, BytesOf(slice).Length);

    /// <summary>Its bytes.</summary>
    public static ReadOnlySpan<byte> BytesOf(in SegmentSlice slice) =>
        slice.Code.IsPresent ? slice.Code.Bytes.Span : MemoryMarshal.AsBytes(slice.Values.Span);
}
