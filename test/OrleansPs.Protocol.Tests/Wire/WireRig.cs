using System.Buffers;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace OrleansPs.Protocol.Tests;

/// <summary>Orleans' serializer, as client and silo have it.</summary>
internal static class WireRig
{
    private static readonly Serializer s_serializer = new ServiceCollection()
        .AddSerializer(b => b.AddAssembly(typeof(IBlockGrain).Assembly)).BuildServiceProvider().GetRequiredService<Serializer>();

    public static byte[] Write<T>(T value) => s_serializer.SerializeToArray(value);

    public static void Write<T>(T value, IBufferWriter<byte> writer) => s_serializer.Serialize(value, writer);

    public static T Read<T>(in ReadOnlySequence<byte> bytes) => s_serializer.Deserialize<T>(bytes)!;

    public static T Read<T>(byte[] bytes) => s_serializer.Deserialize<T>(bytes)!;

    public static T ReadStream<T>(byte[] bytes)
    {
        using var stream = new MemoryStream(bytes);
        return s_serializer.Deserialize<T>(stream)!;
    }

    /// <summary>Reads from memory that is not in one piece, as it comes from a connection.</summary>
    public static T ReadInPieces<T>(byte[] bytes, int size)
    {
        var first = new Piece(bytes.AsMemory(0, size), 0);
        var last = first;
        for (var at = size; at < bytes.Length; at += size) last = last.Append(bytes.AsMemory(at, Math.Min(size, bytes.Length - at)));
        return s_serializer.Deserialize<T>(new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length))!;
    }

    public static T Travel<T>(T value) => Read<T>(Write(value));

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, long index) => (Memory, RunningIndex) = (memory, index);

        public Piece Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Piece(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
