using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace OrleansPs.Core.Compression;

/// <summary>
/// The elements of largest magnitude as they are (Aji and Heafield 2017; Lin et al. 2018), chosen among a whole parameter. The code of a piece: for
/// each of its elements that are sent its index in the piece and its value, ascending by index.
/// </summary>
/// <remarks>Meant for error feedback: <see cref="Clear"/>. Elements must be finite.</remarks>
public static class TopKCodec
{
    /// <summary>The bytes of an element that is sent.</summary>
    public const int EntryBytes = sizeof(int) + sizeof(float);

    private const int Lanes = 8;

    /// <summary>How many elements of a parameter are sent at most.</summary>
    /// <param name="length">The parameter's elements, at least one.</param>
    /// <param name="k">The share of them, above 0, at most 1.</param>
    public static int CountOf(int length, double k) => Math.Clamp((int)Math.Ceiling(length * k), 1, length);

    /// <summary>Encodes a piece.</summary>
    /// <param name="piece">The piece's elements.</param>
    /// <param name="choice">Which of the parameter's elements are sent; the pieces of a parameter are encoded with the same choice, ascending.</param>
    /// <param name="code">Room for what is sent.</param>
    /// <returns>How many bytes were written.</returns>
    public static int Encode(ReadOnlySpan<float> piece, ref TopKChoice choice, Span<byte> code)
    {
        ref var source = ref MemoryMarshal.GetReference(piece);
        var entries = MemoryMarshal.Cast<byte, Entry>(code);
        var (magnitude, least, written, i) = (Vector256.Create(0x7fffffff), Vector256.Create(choice.Least), 0, 0);
        for (; i + Lanes <= piece.Length; i += Lanes)
        {
            var bits = Vector256.LoadUnsafe(ref source, (nuint)i).AsInt32() & magnitude;
            for (var hits = Vector256.GreaterThanOrEqual(bits, least).ExtractMostSignificantBits(); hits != 0; hits &= hits - 1)
                Take(piece, i + BitOperations.TrailingZeroCount(hits), ref choice, entries, ref written);
        }
        for (; i < piece.Length; i++)
            if ((BitConverter.SingleToInt32Bits(piece[i]) & 0x7fffffff) >= choice.Least) Take(piece, i, ref choice, entries, ref written);
        return written * EntryBytes;
    }

    /// <summary>Whether a code is one: whole entries, ascending, of the piece.</summary>
    public static bool IsCode(ReadOnlySpan<byte> code, int length)
    {
        if (code.Length % EntryBytes != 0) return false;
        var last = -1;
        foreach (var entry in MemoryMarshal.Cast<byte, Entry>(code))
        {
            if (entry.Index <= last || entry.Index >= length) return false;
            last = entry.Index;
        }
        return true;
    }

    /// <summary>What is received: zeros, but for what was sent.</summary>
    /// <param name="code">A code that <see cref="IsCode"/>.</param>
    /// <param name="piece">The piece; changed.</param>
    public static void Decode(ReadOnlySpan<byte> code, Span<float> piece)
    {
        piece.Clear();
        foreach (var entry in MemoryMarshal.Cast<byte, Entry>(code)) piece[entry.Index] = entry.Value;
    }

    /// <summary>Takes what is received away from what was to be sent.</summary>
    /// <param name="code">A code that <see cref="IsCode"/>.</param>
    /// <param name="piece">The piece that was encoded; becomes its residual.</param>
    public static void Clear(ReadOnlySpan<byte> code, Span<float> piece)
    {
        foreach (var entry in MemoryMarshal.Cast<byte, Entry>(code)) piece[entry.Index] = 0;
    }

    // Among those of the least magnitude the first ones are sent.
    private static void Take(ReadOnlySpan<float> piece, int index, ref TopKChoice choice, Span<Entry> entries, ref int written)
    {
        if ((BitConverter.SingleToInt32Bits(piece[index]) & 0x7fffffff) == choice.Least && --choice.Ties < 0) return;
        entries[written++] = new(index, piece[index]);
    }

    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    private readonly record struct Entry(int Index, float Value);
}
