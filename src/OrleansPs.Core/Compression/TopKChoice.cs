using System.Buffers;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace OrleansPs.Core.Compression;

/// <summary>
/// Which elements of a parameter are the k of largest magnitude: those above a magnitude, and the first so many of that magnitude. Exact, and found
/// without sorting: magnitudes are 31 bits in the order of the numbers, so three histograms, of 12, 12 and 7 bits, find the k-th largest (radix selection). They are of
/// few elements if a sample tells a magnitude that hardly more than k reach; if it is mistaken, of all.
/// </summary>
public struct TopKChoice
{
    private const int Digit = 12;
    private const int LastDigit = 31 - (2 * Digit);
    private const int Lanes = 8;
    private const int Samples = 4_096;

    private TopKChoice(int least, int ties) => (Least, Ties) = (least, ties);

    /// <summary>The bits of the least magnitude that is sent; at least 1, for zeros are not.</summary>
    internal int Least { get; }

    /// <summary>How many of that magnitude are still to be sent.</summary>
    internal int Ties { get; set; }

    /// <summary>Chooses.</summary>
    /// <param name="parameter">The numbers, all finite.</param>
    /// <param name="k">How many, 1 to their number.</param>
    public static TopKChoice Of(ReadOnlySpan<float> parameter, int k)
    {
        if (FloorOf(parameter, k) is not (> 0 and var floor)) return Select(parameter, k);
        var candidates = ArrayPool<float>.Shared.Rent((4 * k) + Samples);
        try
        {
            var count = Collect(parameter, floor, candidates);
            return count >= k && count <= candidates.Length ? Select(candidates.AsSpan(0, count), k) : Select(parameter, k);
        }
        finally
        {
            ArrayPool<float>.Shared.Return(candidates);
        }
    }

    private static TopKChoice Select(ReadOnlySpan<float> parameter, int k)
    {
        Span<int> counts = stackalloc int[1 << Digit];
        counts.Clear();
        Count(parameter, counts);
        var prefix = Find(counts, ref k);
        counts.Clear();
        CountWithin(parameter, prefix, 31 - Digit, LastDigit, counts);
        prefix = (prefix << Digit) | Find(counts, ref k);
        counts.Clear();
        CountWithin(parameter, prefix, LastDigit, 0, counts);
        var least = (prefix << LastDigit) | Find(counts, ref k);
        return least == 0 ? new(1, int.MaxValue) : new(least, k);
    }

    // A magnitude that twice as many as k reach among the samples, and some more: it is rare that fewer than k do. 0 if looking for it is not worth the while.
    private static int FloorOf(ReadOnlySpan<float> parameter, int k)
    {
        var wanted = (int)Math.Min(Samples, 2L * k * Samples / parameter.Length) + 16;
        if (parameter.Length < 16 * Samples || wanted > Samples / 4) return 0;
        Span<int> counts = stackalloc int[1 << Digit];
        counts.Clear();
        var stride = parameter.Length / Samples;
        for (var i = 0; i < Samples; i++) counts[MagnitudeOf(parameter[i * stride]) >> (31 - Digit)]++;
        return Find(counts, ref wanted) << (31 - Digit);
    }

    // What has at least a magnitude, as long as there is room; how many they are, or more than there is room for.
    private static int Collect(ReadOnlySpan<float> parameter, int floor, Span<float> candidates)
    {
        ref var source = ref MemoryMarshal.GetReference(parameter);
        var (magnitude, least, count, i) = (Vector256.Create(0x7fffffff), Vector256.Create(floor), 0, 0);
        for (; i + Lanes <= parameter.Length; i += Lanes)
        {
            var bits = Vector256.LoadUnsafe(ref source, (nuint)i).AsInt32() & magnitude;
            var hits = Vector256.GreaterThanOrEqual(bits, least).ExtractMostSignificantBits();
            if (hits == 0) continue;
            if (count + Lanes > candidates.Length) return int.MaxValue;
            for (; hits != 0; hits &= hits - 1) candidates[count++] = parameter[i + BitOperations.TrailingZeroCount(hits)];
        }
        if (count + Lanes > candidates.Length) return int.MaxValue;
        for (; i < parameter.Length; i++)
            if (MagnitudeOf(parameter[i]) >= floor) candidates[count++] = parameter[i];
        return count;
    }

    private static int MagnitudeOf(float value) => BitConverter.SingleToInt32Bits(value) & 0x7fffffff;

    // By the first digit. Neighbours are counted apart: they often have the same one.
    private static void Count(ReadOnlySpan<float> parameter, Span<int> counts)
    {
        Span<int> odd = stackalloc int[1 << Digit];
        odd.Clear();
        var i = 0;
        for (; i + 2 <= parameter.Length; i += 2)
        {
            counts[MagnitudeOf(parameter[i]) >> (31 - Digit)]++;
            odd[MagnitudeOf(parameter[i + 1]) >> (31 - Digit)]++;
        }
        if (i < parameter.Length) counts[MagnitudeOf(parameter[i]) >> (31 - Digit)]++;
        TensorPrimitives.Add(counts, odd, counts);
    }

    // By the digit above a shift, among those whose digits before it are a prefix.
    private static void CountWithin(ReadOnlySpan<float> parameter, int prefix, int prefixShift, int shift, Span<int> counts)
    {
        ref var source = ref MemoryMarshal.GetReference(parameter);
        var (magnitude, wanted, digit, i) = (Vector256.Create(0x7fffffff), Vector256.Create(prefix), (1 << (prefixShift - shift)) - 1, 0);
        for (; i + Lanes <= parameter.Length; i += Lanes)
        {
            var bits = Vector256.LoadUnsafe(ref source, (nuint)i).AsInt32() & magnitude;
            for (var hits = Vector256.Equals(bits >> prefixShift, wanted).ExtractMostSignificantBits(); hits != 0; hits &= hits - 1)
                counts[(MagnitudeOf(parameter[i + BitOperations.TrailingZeroCount(hits)]) >> shift) & digit]++;
        }
        for (; i < parameter.Length; i++)
            if (MagnitudeOf(parameter[i]) >> prefixShift == prefix) counts[(MagnitudeOf(parameter[i]) >> shift) & digit]++;
    }

    // The digit of the k-th largest; k becomes its place among those with the same one.
    private static int Find(ReadOnlySpan<int> counts, ref int k)
    {
        var digit = counts.Length - 1;
        for (; counts[digit] < k; digit--) k -= counts[digit];
        return digit;
    }
}
