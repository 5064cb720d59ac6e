using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace OrleansPs.Core.Optimizers;

/// <summary>
/// Arithmetic on gradients before an optimizer sees them: sums, means, checks and norms. Allocates nothing; the same
/// bits on every processor.
/// </summary>
public static class GradientMath
{
    private const int ExponentMask = 0x7f800000;
    private const int Stride = 32;
    private const int Lanes = 16;

    /// <summary>destination += source.</summary>
    /// <param name="destination">The sum; changed.</param>
    /// <param name="source">What is added, of the same length.</param>
    /// <exception cref="ArgumentException">The lengths differ; nothing has been changed.</exception>
    public static void Add(Span<float> destination, ReadOnlySpan<float> source)
    {
        if (source.Length != destination.Length)
            throw new ArgumentException(
                $"The length is {source.Length}; it must be that of the destination, {destination.Length}.", nameof(source));
        TensorPrimitives.Add(destination, source, destination);
    }

    /// <summary>Divides each element; a true division, not a multiplication by the reciprocal.</summary>
    public static void Divide(Span<float> values, float divisor) => TensorPrimitives.Divide(values, divisor, values);

    /// <summary>Multiplies each element.</summary>
    public static void Scale(Span<float> values, float factor) => TensorPrimitives.Multiply(values, factor, values);

    /// <summary>Limits each element to [-limit, limit]; NaN stays NaN.</summary>
    /// <param name="values">The elements; changed.</param>
    /// <param name="limit">The limit, >= 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The limit is negative or NaN; nothing has been changed.</exception>
    public static void Clamp(Span<float> values, float limit)
    {
        if (!(limit >= 0)) throw new ArgumentOutOfRangeException(nameof(limit), limit, "The limit must be >= 0.");
        TensorPrimitives.Clamp(values, -limit, limit, values);
    }

    /// <summary>The index of the first NaN or infinity, or -1 where all elements are finite.</summary>
    public static int IndexOfNonFinite(ReadOnlySpan<float> values)
    {
        var start = FiniteStrides(values);
        for (var i = start; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i])) return i;
        }
        return -1;
    }

    /// <summary>
    /// The sum of squares in double. Element i is summed in lane i mod 16, and the lanes are added pairwise: an order
    /// that no processor's vector width changes. The square of a float is exact in double.
    /// </summary>
    public static double SumOfSquares(ReadOnlySpan<float> values)
    {
        Span<double> lanes = stackalloc double[Lanes];
        for (var i = AddSquares(values, lanes); i < values.Length; i++) lanes[i % Lanes] += (double)values[i] * values[i];
        for (var half = Lanes / 2; half >= 1; half /= 2)
        {
            for (var lane = 0; lane < half; lane++) lanes[lane] += lanes[lane + half];
        }
        return lanes[0];
    }

    private static int AddSquares(ReadOnlySpan<float> values, Span<double> lanes)
    {
        ref var start = ref MemoryMarshal.GetReference(values);
        Vector256<double> lanes0 = default, lanes4 = default, lanes8 = default, lanes12 = default;
        var i = 0;
        for (; i <= values.Length - Lanes; i += Lanes)
        {
            var (low, high) = (Vector256.LoadUnsafe(ref start, (nuint)i), Vector256.LoadUnsafe(ref start, (nuint)i + 8));
            lanes0 += Square(Vector256.WidenLower(low));
            lanes4 += Square(Vector256.WidenUpper(low));
            lanes8 += Square(Vector256.WidenLower(high));
            lanes12 += Square(Vector256.WidenUpper(high));
        }
        lanes0.CopyTo(lanes);
        lanes4.CopyTo(lanes[4..]);
        lanes8.CopyTo(lanes[8..]);
        lanes12.CopyTo(lanes[12..]);
        return i;
    }

    private static Vector256<double> Square(Vector256<double> values) => values * values;

    private static int FiniteStrides(ReadOnlySpan<float> values)
    {
        ref var start = ref MemoryMarshal.GetReference(values);
        var mask = Vector256.Create(ExponentMask);
        var i = 0;
        for (; i <= values.Length - Stride; i += Stride)
        {
            var a = NonFinite(Vector256.LoadUnsafe(ref start, (nuint)i), mask);
            var b = NonFinite(Vector256.LoadUnsafe(ref start, (nuint)i + 8), mask);
            var c = NonFinite(Vector256.LoadUnsafe(ref start, (nuint)i + 16), mask);
            var d = NonFinite(Vector256.LoadUnsafe(ref start, (nuint)i + 24), mask);
            if (((a | b) | (c | d)) != Vector256<int>.Zero) break;
        }
        return i;
    }

    private static Vector256<int> NonFinite(Vector256<float> values, Vector256<int> mask) =>
        Vector256.Equals(values.AsInt32() & mask, mask);
}
