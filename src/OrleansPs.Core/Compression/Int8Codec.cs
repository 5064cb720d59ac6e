using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace OrleansPs.Core.Compression;

/// <summary>
/// Whole numbers from -127 to 127 with a scale for each chunk, its largest magnitude / 127, rounded stochastically: x / scale becomes floor(x / scale + u)
/// with u uniform in [0, 1), whose expectation is x / scale to within 2^-17 (QSGD: Alistarh et al. 2017, with the maximum norm); or to the nearest, ties to even. The code of a piece: the scales of its chunks, then a byte an element.
/// </summary>
/// <remarks>A chunk with a NaN or an infinity becomes NaN. One whose scale would not be a normal float becomes zeros.</remarks>
public static class Int8Codec
{
    private const int Steps = 127;
    private const int Stride = 64;
    private const int Lanes = 16;
    private const int EncodedStride = 32;
    private const int EncodedLanes = 8;

    /// <summary>The bytes of a piece's code.</summary>
    /// <param name="start">The piece's first element in its parameter.</param>
    /// <param name="length">Its elements.</param>
    public static long BytesOf(int start, int length) => ((long)Chunks.CountOf(start, length) * sizeof(float)) + length;

    /// <summary>Encodes a piece of a parameter.</summary>
    /// <param name="parameter">The whole gradient: chunks that a piece shares with the next are measured whole.</param>
    /// <param name="start">The piece's first element.</param>
    /// <param name="length">Its elements.</param>
    /// <param name="key">The push's random numbers.</param>
    /// <param name="code">As long as <see cref="BytesOf"/> says.</param>
    public static void Encode(ReadOnlySpan<float> parameter, int start, int length, RoundingKey key, Span<byte> code) =>
        Encode(parameter, start, length, new Stochastic(key), code);

    /// <summary>Encodes a piece that begins where a chunk does, and ends where one or the parameter does, rounded to the nearest.</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="code">As long as <see cref="BytesOf"/> says of 0 and the piece's length.</param>
    public static void EncodeNearest(ReadOnlySpan<float> piece, Span<byte> code) => Encode(piece, 0, piece.Length, default(Nearest), code);

    private static void Encode<TRounding>(ReadOnlySpan<float> parameter, int start, int length, TRounding rounding, Span<byte> code)
        where TRounding : struct, IRounding
    {
        var scales = MemoryMarshal.Cast<byte, float>(code[..(Chunks.CountOf(start, length) * sizeof(float))]);
        var numbers = MemoryMarshal.Cast<byte, sbyte>(code.Slice(scales.Length * sizeof(float), length));
        for (int from = start, to, c = 0; from < start + length; from = to, c++)
        {
            to = Chunks.EndOf(from, start + length);
            scales[c] = ScaleOf(Chunks.Of(parameter, from), out var inverse);
            var run = numbers.Slice(from - start, to - from);
            if (inverse == 0) run.Clear();
            else Quantize(parameter[from..to], (uint)from, inverse, rounding, run);
        }
    }

    /// <summary>The numbers again.</summary>
    /// <param name="code">A code of as many bytes as <see cref="BytesOf"/> says.</param>
    /// <param name="start">The piece's first element in its parameter.</param>
    /// <param name="values">The piece; changed.</param>
    public static void Decode(ReadOnlySpan<byte> code, int start, Span<float> values)
    {
        var scales = MemoryMarshal.Cast<byte, float>(code[..(Chunks.CountOf(start, values.Length) * sizeof(float))]);
        var numbers = MemoryMarshal.Cast<byte, sbyte>(code[(scales.Length * sizeof(float))..]);
        for (int from = start, to, c = 0; from < start + values.Length; from = to, c++)
        {
            to = Chunks.EndOf(from, start + values.Length);
            Multiply(numbers[(from - start)..(to - start)], scales[c], values[(from - start)..(to - start)]);
        }
    }

    private static float ScaleOf(ReadOnlySpan<float> chunk, out float inverse)
    {
        inverse = 0;
        var largest = BitConverter.UInt32BitsToSingle(LargestMagnitude(chunk));
        if (!float.IsFinite(largest)) return float.NaN;
        var scale = largest / Steps;
        if (!float.IsNormal(scale)) return 0;
        inverse = Steps / largest;
        return float.IsFinite(scale * Steps) ? scale : MathF.BitDecrement(scale);
    }

    // As whole numbers, magnitudes are in the order of the floats that they are the bits of, infinity and NaN last.
    private static uint LargestMagnitude(ReadOnlySpan<float> chunk)
    {
        ref var source = ref Unsafe.As<float, uint>(ref MemoryMarshal.GetReference(chunk));
        var mask = Vector256.Create(0x7fffffffu);
        Vector256<uint> a = default, b = default;
        nuint i = 0;
        for (; i + (2 * EncodedLanes) <= (nuint)chunk.Length; i += 2 * EncodedLanes)
        {
            a = Vector256.Max(a, Vector256.LoadUnsafe(ref source, i) & mask);
            b = Vector256.Max(b, Vector256.LoadUnsafe(ref source, i + EncodedLanes) & mask);
        }
        var d = Vector256.Max(a, b);
        var e = Vector128.Max(d.GetLower(), d.GetUpper());
        var largest = Math.Max(Math.Max(e[0], e[1]), Math.Max(e[2], e[3]));
        for (; i < (nuint)chunk.Length; i++) largest = Math.Max(largest, BitConverter.SingleToUInt32Bits(chunk[(int)i]) & 0x7fffffff);
        return largest;
    }

    private static void Quantize<TRounding>(ReadOnlySpan<float> values, uint index, float inverse, TRounding rounding, Span<sbyte> numbers)
        where TRounding : struct, IRounding
    {
        ref var source = ref MemoryMarshal.GetReference(values);
        ref var destination = ref MemoryMarshal.GetReference(numbers);
        nuint i = 0;
        for (; i + EncodedStride <= (nuint)values.Length; i += EncodedStride)
        {
            var at = Vector256.Create(index + (uint)i) + Vector256<uint>.Indices;
            var low = Vector256.Narrow(
                Quantize(Vector256.LoadUnsafe(ref source, i), at, inverse, rounding),
                Quantize(Vector256.LoadUnsafe(ref source, i + EncodedLanes), at + Vector256.Create(8u), inverse, rounding));
            var high = Vector256.Narrow(
                Quantize(Vector256.LoadUnsafe(ref source, i + (2 * EncodedLanes)), at + Vector256.Create(16u), inverse, rounding),
                Quantize(Vector256.LoadUnsafe(ref source, i + (3 * EncodedLanes)), at + Vector256.Create(24u), inverse, rounding));
            Vector256.Narrow(low, high).StoreUnsafe(ref destination, i);
        }
        for (; i < (nuint)values.Length; i++)
            numbers[(int)i] = (sbyte)Math.Clamp(rounding.Round(values[(int)i] * inverse, index + (uint)i), -Steps, Steps);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Quantize<TRounding>(Vector256<float> values, Vector256<uint> index, float inverse, TRounding rounding)
        where TRounding : struct, IRounding
    {
        var number = rounding.Round(values * Vector256.Create(inverse), index);
        return Vector256.ConvertToInt32Native(
            Vector256.MaxNative(Vector256.MinNative(number, Vector256.Create((float)Steps)), Vector256.Create(-(float)Steps)));
    }

    private static void Multiply(ReadOnlySpan<sbyte> numbers, float scale, Span<float> values)
    {
        ref var source = ref MemoryMarshal.GetReference(numbers);
        ref var destination = ref MemoryMarshal.GetReference(values);
        var factor = Vector512.Create(scale);
        nuint i = 0;
        for (; i + Stride <= (nuint)values.Length; i += Stride)
        {
            var (low, high) = Vector512.Widen(Vector512.LoadUnsafe(ref source, i));
            var ((a, b), (c, d)) = (Vector512.Widen(low), Vector512.Widen(high));
            (Vector512.ConvertToSingle(a) * factor).StoreUnsafe(ref destination, i);
            (Vector512.ConvertToSingle(b) * factor).StoreUnsafe(ref destination, i + Lanes);
            (Vector512.ConvertToSingle(c) * factor).StoreUnsafe(ref destination, i + (2 * Lanes));
            (Vector512.ConvertToSingle(d) * factor).StoreUnsafe(ref destination, i + (3 * Lanes));
        }
        for (; i < (nuint)values.Length; i++) values[(int)i] = numbers[(int)i] * scale;
    }

    /// <summary>Makes whole numbers of quotients.</summary>
    private interface IRounding
    {
        /// <summary>One of them.</summary>
        float Round(float quotient, uint index);

        /// <summary>Eight.</summary>
        Vector256<float> Round(Vector256<float> quotients, Vector256<uint> index);
    }

    private readonly struct Stochastic(RoundingKey key) : IRounding
    {
        public float Round(float quotient, uint index) => MathF.Floor(quotient + key.At(index));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector256<float> Round(Vector256<float> quotients, Vector256<uint> index) => Vector256.Floor(quotients + key.At(index));
    }

    private readonly struct Nearest : IRounding
    {
        public float Round(float quotient, uint index) => MathF.Round(quotient);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector256<float> Round(Vector256<float> quotients, Vector256<uint> index) => Vector256.Round(quotients);
    }
}
