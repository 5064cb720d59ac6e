using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Orleans.Serialization;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Cloning;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.Serializers;
using Orleans.Serialization.WireProtocol;

namespace OrleansPs.Protocol;

/// <summary>
/// The bytes of a <see cref="TensorPayload"/>: version, how many pieces, segment and length of each, then all floats as they
/// are in memory, little-endian. A payload with keys is of another version: with each piece goes how many it has, and all keys stand
/// before the floats. So is one with codes: see <see cref="EncodedPieces"/>. A payload that is spent, or none at all, has no bytes.
/// </summary>
[RegisterSerializer]
internal sealed class TensorPayloadCodec : IFieldCodec<TensorPayload>
{
    private const byte Version = 1;
    private const byte VersionWithKeys = 2;
    internal const int MaxPieces = 1 << 20;

    // Numbers that fill so many bytes are used where they were received; fewer are copied, and the connection uses its memory again. So few hold back
    // four times as much, the buffer of an idle connection, as long as their message waits.
    internal const int LeastKept = 16 << 10;

    void IFieldCodec<TensorPayload>.WriteField<TBufferWriter>(
        ref Writer<TBufferWriter> writer, uint fieldIdDelta, Type? expectedType, TensorPayload? value)
    {
        ReferenceCodec.MarkValueField(writer.Session);
        writer.WriteFieldHeader(fieldIdDelta, expectedType, typeof(TensorPayload), WireType.LengthPrefixed);
        if (value is null || !value.TryTake())
        {
            writer.WriteVarUInt32(0);
            return;
        }
        try
        {
            Write(ref writer, value);
        }
        finally
        {
            value.GiveBack();
        }
    }

    TensorPayload IFieldCodec<TensorPayload>.ReadValue<TInput>(ref Reader<TInput> reader, Field field)
    {
        ReferenceCodec.MarkValueField(reader.Session);
        field.EnsureWireType(WireType.LengthPrefixed);
        var length = reader.ReadVarUInt32();
        return length == 0 ? null! : Read(ref reader, length);
    }

    private static void Write<TBufferWriter>(ref Writer<TBufferWriter> writer, TensorPayload value)
        where TBufferWriter : IBufferWriter<byte>
    {
        if (value.IsEncoded)
        {
            EncodedPieces.Write(ref writer, value.Slices.Span);
            return;
        }
        var slices = value.Slices.Span;
        var keyed = value.KeyCount > 0;
        writer.WriteVarUInt32(checked((uint)(
            HeadBytes(slices.Length, keyed) + TensorPayload.BytesOf(value.Length, value.KeyCount))));
        writer.WriteByte(keyed ? VersionWithKeys : Version);
        writer.WriteInt32(slices.Length);
        foreach (var slice in slices)
        {
            writer.WriteInt32(slice.Segment);
            writer.WriteInt32(slice.Values.Length);
            if (keyed) writer.WriteInt32(slice.Keys.Length);
        }
        if (TryAttach(ref writer, value)) return;
        foreach (var slice in slices) WriteKeys(ref writer, slice.Keys.Span);
        if (TryLend(ref writer, value)) return;
        foreach (var slice in slices) WriteNumbers(ref writer, slice.Values.Span);
    }

    // The same for numbers that are the sender's again when he wants them. Keys are few beside them.
    private static bool TryLend<TBufferWriter>(ref Writer<TBufferWriter> writer, TensorPayload value)
        where TBufferWriter : IBufferWriter<byte>
    {
        var bytes = TensorPayload.BytesOf(value.Length, 0);
        if (bytes < FrameWriter.LeastAttached || bytes > writer.WritableSpan.Length || !BitConverter.IsLittleEndian) return false;
        if (!value.TryLend(writer.WritableSpan[..(int)bytes])) return false;
        writer.AdvanceSpan((int)bytes);
        return true;
    }

    // What is large is sent from where it is: its room in the message stays empty.
    private static bool TryAttach<TBufferWriter>(ref Writer<TBufferWriter> writer, TensorPayload value)
        where TBufferWriter : IBufferWriter<byte>
    {
        var bytes = TensorPayload.BytesOf(value.Length, value.KeyCount);
        if (bytes < FrameWriter.LeastAttached || bytes > writer.WritableSpan.Length || !BitConverter.IsLittleEndian) return false;
        if (!value.TryGetBuffer(out var buffer, out var start)) return false;
        if (!FrameWriter.TryAttach(writer.WritableSpan[..(int)bytes], buffer, start)) return false;
        writer.AdvanceSpan((int)bytes);
        return true;
    }

    private static void WriteKeys<TBufferWriter>(ref Writer<TBufferWriter> writer, ReadOnlySpan<long> keys)
        where TBufferWriter : IBufferWriter<byte>
    {
        if (BitConverter.IsLittleEndian) writer.Write(MemoryMarshal.AsBytes(keys));
        else foreach (var key in keys) writer.WriteInt64(key);
    }

    private static void WriteNumbers<TBufferWriter>(ref Writer<TBufferWriter> writer, ReadOnlySpan<float> numbers)
        where TBufferWriter : IBufferWriter<byte>
    {
        if (BitConverter.IsLittleEndian) writer.Write(MemoryMarshal.AsBytes(numbers));
        else foreach (var number in numbers) writer.WriteInt32(BitConverter.SingleToInt32Bits(number));
    }

    // Every length is held against the bytes that came before memory is taken.
    private static TensorPayload Read<TInput>(ref Reader<TInput> reader, uint length)
    {
        var version = reader.ReadByte();
        if (version is < Version or > EncodedPieces.Version)
            throw new InvalidDataException($"A tensor payload of version {version} came; this program reads up to version {EncodedPieces.Version}.");
        // The whole message's length: where in it a reader is, not every kind of reader can tell.
        if (length > reader.Length) throw Broken();
        if (version == EncodedPieces.Version) return EncodedPieces.Read(ref reader, length);
        var keyed = version == VersionWithKeys;
        var pieces = ReadPieces(ref reader, length, keyed);
        var rest = length - HeadBytes(pieces.Length, keyed);
        if (rest < LeastKept || !BitConverter.IsLittleEndian || !reader.TryReadBytes((int)rest, out var bytes)) return ReadCopy(ref reader, pieces);
        if (FrameReader.TryKeep(bytes, out var buffer, out var start)) return TensorPayload.InBuffer(pieces, buffer, start);
        var again = Reader.Create(bytes, reader.Session);
        return ReadCopy(ref again, pieces);
    }

    private static TensorPayload ReadCopy<TInput>(ref Reader<TInput> reader, ReadOnlySpan<PayloadPiece> pieces)
    {
        var payload = TensorPayload.Rent(pieces);
        ReadKeys(ref reader, payload);
        foreach (var slice in payload.Slices.Span)
        {
            reader.ReadBytes(MemoryMarshal.AsBytes(slice.Values.Span));
            if (!BitConverter.IsLittleEndian) Reverse(slice.Values.Span);
        }
        return payload;
    }

    private static PayloadPiece[] ReadPieces<TInput>(ref Reader<TInput> reader, uint length, bool keyed)
    {
        var count = reader.ReadInt32();
        if (count is < 0 or > MaxPieces || HeadBytes(count, keyed) > length) throw Broken();
        var pieces = new PayloadPiece[count];
        var bytes = HeadBytes(count, keyed);
        for (var i = 0; i < count; i++)
        {
            pieces[i] = new(reader.ReadInt32(), reader.ReadInt32(), keyed ? reader.ReadInt32() : 0);
            if (pieces[i].Segment < 0 || pieces[i].Length < 0 || pieces[i].Keys < 0) throw Broken();
            bytes += ((long)pieces[i].Length * sizeof(float)) + ((long)pieces[i].Keys * sizeof(long));
        }
        return bytes == length ? pieces : throw Broken();
    }

    private static void ReadKeys<TInput>(ref Reader<TInput> reader, TensorPayload payload)
    {
        foreach (var slice in payload.Slices.Span)
        {
            if (slice.Keys.IsEmpty) continue;
            var keys = MemoryMarshal.AsMemory(slice.Keys).Span;
            reader.ReadBytes(MemoryMarshal.AsBytes(keys));
            if (!BitConverter.IsLittleEndian) BinaryPrimitives.ReverseEndianness(keys, keys);
        }
    }

    private static long HeadBytes(int pieces, bool keyed) => 1 + sizeof(int) + (pieces * (keyed ? 3L : 2L) * sizeof(int));

    private static void Reverse(Span<float> numbers)
    {
        var bits = MemoryMarshal.Cast<float, int>(numbers);
        BinaryPrimitives.ReverseEndianness(bits, bits);
    }

    internal static InvalidDataException Broken() => new("A tensor payload contradicts its own length.");
}

/// <summary>A payload is passed on, not copied: whoever receives it disposes it.</summary>
[RegisterCopier]
internal sealed class TensorPayloadCopier : IDeepCopier<TensorPayload>
{
    public TensorPayload? DeepCopy(TensorPayload? input, CopyContext context) => input;
}
