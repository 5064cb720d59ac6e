using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace OrleansPs.Core.Snapshots;

/// <summary>Writes little-endian numbers one after the other.</summary>
internal ref struct ByteWriter(Span<byte> destination)
{
    private readonly Span<byte> _destination = destination;

    public int Position { get; private set; }

    public void Int32(int value) => BinaryPrimitives.WriteInt32LittleEndian(Take(sizeof(int)), value);

    public void Int64(long value) => BinaryPrimitives.WriteInt64LittleEndian(Take(sizeof(long)), value);

    public void Bytes(ReadOnlySpan<byte> value) => value.CopyTo(Take(value.Length));

    public void Ascii(string value) => System.Text.Encoding.ASCII.GetBytes(value, Take(value.Length));

    public void Zeros(int count) => Take(count).Clear();

    /// <summary>Passes over bytes that somebody else writes.</summary>
    public void Skip(int count) => Take(count);

    public void Floats(ReadOnlySpan<float> values) => RawFloats.Copy(MemoryMarshal.AsBytes(values), Take(values.Length * sizeof(float)));

    private Span<byte> Take(int count)
    {
        var span = _destination.Slice(Position, count);
        Position += count;
        return span;
    }
}

/// <summary>Reads little-endian numbers one after the other.</summary>
internal ref struct ByteReader(ReadOnlySpan<byte> source)
{
    private readonly ReadOnlySpan<byte> _source = source;

    public int Position { get; private set; }

    public readonly int Left => _source.Length - Position;

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Bytes(sizeof(int)));

    public long Int64() => BinaryPrimitives.ReadInt64LittleEndian(Bytes(sizeof(long)));

    public ReadOnlySpan<byte> Bytes(int count)
    {
        var span = _source.Slice(Position, count);
        Position += count;
        return span;
    }

    public void Int64s(Span<long> values)
    {
        foreach (ref var value in values) value = Int64();
    }

    public void Floats(Span<float> values) => RawFloats.Copy(Bytes(values.Length * sizeof(float)), MemoryMarshal.AsBytes(values));

    public float[] Floats(int count)
    {
        var values = GC.AllocateUninitializedArray<float>(count);
        RawFloats.Copy(Bytes(count * sizeof(float)), MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }
}

/// <summary>Copies floats between memory and little-endian bytes: as they are, or on a big-endian machine reversed.</summary>
internal static class RawFloats
{
    public static void Copy(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        if (BitConverter.IsLittleEndian) source.CopyTo(destination);
        else BinaryPrimitives.ReverseEndianness(MemoryMarshal.Cast<byte, int>(source), MemoryMarshal.Cast<byte, int>(destination));
    }
}
