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
    private const int EncodedStride = 16;
    private const int Lanes = 8;

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
        for (; i + EncodedStride <= (nuint)values.Length; i += EncodedStride)
            Vector256.Narrow(Round(Vector256.LoadUnsafe(ref source, i)), Round(Vector256.LoadUnsafe(ref source, i + Lanes))).StoreUnsafe(ref destination, i);
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

    // Magnitudes are compared as signed numbers, which they fit.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Round(Vector256<uint> bits)
    {
        var magnitude = bits & Vector256.Create(0x7fffffffu);
        var rounded = Vector256.Min(magnitude + Vector256.Create(0x7fffu) + ((bits >> 16) & Vector256<uint>.One), Vector256.Create(Largest));
        var nan = Vector256.GreaterThan(magnitude.AsInt32(), Vector256.Create((int)Infinity)).AsUInt32() & Vector256.Create(Quiet);
        var finite = Vector256.LessThan(magnitude.AsInt32(), Vector256.Create((int)Infinity)).AsUInt32();
        return (Vector256.ConditionalSelect(finite, rounded, magnitude | nan) | (bits & Vector256.Create(0x80000000u))) >> 16;
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
