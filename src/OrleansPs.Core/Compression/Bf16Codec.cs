using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace OrleansPs.Core.Compression;

/// <summary>
/// bfloat16, the upper half of a float32 (Kalamkar et al. 2019), rounded to the nearest, ties to even. What would round to infinity becomes the largest
/// finite number, for who sends finite numbers sends no infinity; infinities and NaN stay what they are.
/// </summary>
public static class Bf16Codec
{
    private const uint Infinity = 0x7f800000;
    private const uint Largest = 0x7f7fffff;
    private const uint Quiet = 0x00400000;
    private const int Stride = 32;

    /// <summary>The bytes of a code.</summary>
    public static long BytesOf(int length) => (long)length * sizeof(ushort);

    /// <summary>Rounds.</summary>
    /// <param name="values">The numbers.</param>
    /// <param name="code">Two bytes each, little-endian.</param>
    public static void Encode(ReadOnlySpan<float> values, Span<byte> code)
    {
        var halves = MemoryMarshal.Cast<byte, ushort>(code)[..values.Length];
        ref var source = ref Unsafe.As<float, uint>(ref MemoryMarshal.GetReference(values));
        ref var destination = ref MemoryMarshal.GetReference(halves);
        nuint i = 0;
        for (; i + Stride <= (nuint)values.Length; i += Stride)
            Vector512.Narrow(Round(Vector512.LoadUnsafe(ref source, i)), Round(Vector512.LoadUnsafe(ref source, i + 16))).StoreUnsafe(ref destination, i);
        for (; i < (nuint)values.Length; i++) halves[(int)i] = (ushort)Round(BitConverter.SingleToUInt32Bits(values[(int)i]));
    }

    /// <summary>The numbers again.</summary>
    /// <param name="code">As many pairs of bytes as there are numbers.</param>
    /// <param name="values">The numbers; changed.</param>
    public static void Decode(ReadOnlySpan<byte> code, Span<float> values)
    {
        var halves = MemoryMarshal.Cast<byte, ushort>(code)[..values.Length];
        ref var source = ref MemoryMarshal.GetReference(halves);
        ref var destination = ref Unsafe.As<float, uint>(ref MemoryMarshal.GetReference(values));
        nuint i = 0;
        for (; i + Stride <= (nuint)values.Length; i += Stride)
        {
            var (low, high) = Vector512.Widen(Vector512.LoadUnsafe(ref source, i));
            (low << 16).StoreUnsafe(ref destination, i);
            (high << 16).StoreUnsafe(ref destination, i + 16);
        }
        for (; i < (nuint)values.Length; i++) values[(int)i] = BitConverter.UInt32BitsToSingle((uint)halves[(int)i] << 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Round(Vector512<uint> bits)
    {
        var magnitude = bits & Vector512.Create(0x7fffffffu);
        var rounded = Vector512.Min(
            magnitude + Vector512.Create(0x7fffu) + ((bits >> 16) & Vector512<uint>.One), Vector512.Create(Largest));
        var nan = Vector512.GreaterThan(magnitude, Vector512.Create(Infinity)) & Vector512.Create(Quiet);
        var finite = Vector512.LessThan(magnitude, Vector512.Create(Infinity));
        return (Vector512.ConditionalSelect(finite, rounded, magnitude | nan) | (bits & Vector512.Create(0x80000000u))) >> 16;
    }

    private static uint Round(uint bits)
    {
        var magnitude = bits & 0x7fffffff;
        var rounded = magnitude < Infinity ? Math.Min(magnitude + 0x7fff + ((bits >> 16) & 1), Largest)
            : magnitude > Infinity ? magnitude | Quiet
            : magnitude;
        return (rounded | (bits & 0x80000000)) >> 16;
    }
}
