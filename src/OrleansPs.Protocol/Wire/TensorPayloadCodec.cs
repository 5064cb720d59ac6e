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
/// are in memory, little-endian. A payload that is spent, or none at all, has no bytes.
/// </summary>
[RegisterSerializer]
internal sealed class TensorPayloadCodec : IFieldCodec<TensorPayload>
{
    private const byte Version = 1;
    private const int MaxPieces = 1 << 20;

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
        var slices = value.Slices.Span;
        writer.WriteVarUInt32(checked((uint)(HeadBytes(slices.Length) + ((long)value.Length * sizeof(float)))));
        writer.WriteByte(Version);
        writer.WriteInt32(slices.Length);
        foreach (var slice in slices)
        {
            writer.WriteInt32(slice.Segment);
            writer.WriteInt32(slice.Values.Length);
        }
        foreach (var slice in slices) WriteNumbers(ref writer, slice.Values.Span);
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
        if (reader.ReadByte() is var version && version != Version)
            throw new InvalidDataException($"A tensor payload of version {version} came; this program reads version {Version}.");
        // The whole message's length: where in it a reader is, not every kind of reader can tell.
        if (length > reader.Length) throw Broken();
        var count = reader.ReadInt32();
        if (count is < 0 or > MaxPieces || HeadBytes(count) > length) throw Broken();
        var pieces = new (int Segment, int Length)[count];
        long floats = 0;
        for (var i = 0; i < count; i++)
        {
            pieces[i] = (reader.ReadInt32(), reader.ReadInt32());
            if (pieces[i].Segment < 0 || pieces[i].Length < 0) throw Broken();
            floats += pieces[i].Length;
        }
        if (HeadBytes(count) + (floats * sizeof(float)) != length) throw Broken();
        var payload = TensorPayload.Rent(pieces);
        if (count == 0) return payload;
        MemoryMarshal.TryGetArray<float>(payload.Slices.Span[0].Values, out var buffer);
        var numbers = buffer.Array.AsSpan(0, payload.Length);
        reader.ReadBytes(MemoryMarshal.AsBytes(numbers));
        if (!BitConverter.IsLittleEndian) Reverse(numbers);
        return payload;
    }

    private static long HeadBytes(int pieces) => 1 + sizeof(int) + (pieces * 2L * sizeof(int));

    private static void Reverse(Span<float> numbers)
    {
        var bits = MemoryMarshal.Cast<float, int>(numbers);
        BinaryPrimitives.ReverseEndianness(bits, bits);
    }

    private static InvalidDataException Broken() => new("A tensor payload contradicts its own length.");
}

/// <summary>A payload is passed on, not copied: whoever receives it disposes it.</summary>
[RegisterCopier]
internal sealed class TensorPayloadCopier : IDeepCopier<TensorPayload>
{
    public TensorPayload? DeepCopy(TensorPayload? input, CopyContext context) => input;
}
