using System.Buffers;

namespace OrleansPs.Client;

/// <summary>Sorts keys together with their places, equal keys in the order of their places: by digits of 11 bits, and only those in which keys differ.</summary>
internal static class KeySort
{
    private const int DigitBits = 11;
    private const int Digits = 1 << DigitBits;
    private const int FewKeys = 48;
    // What makes the order of unsigned numbers that of signed ones.
    private const ulong Sign = 1UL << 63;

    /// <summary>Whether each key is above the one before it.</summary>
    public static bool IsAscending(ReadOnlySpan<long> keys)
    {
        for (var i = 1; i < keys.Length; i++)
            if (keys[i] <= keys[i - 1]) return false;
        return true;
    }

    /// <summary>Sorts.</summary>
    /// <param name="keys">The keys; sorted.</param>
    /// <param name="places">A number for each; moved with its key.</param>
    public static void Sort(Span<long> keys, Span<int> places)
    {
        if (keys.Length <= FewKeys) SortFew(keys, places);
        else SortMany(keys, places);
    }

    private static void SortFew(Span<long> keys, Span<int> places)
    {
        for (var i = 1; i < keys.Length; i++)
        {
            var (key, place, at) = (keys[i], places[i], i);
            for (; at > 0 && keys[at - 1] > key; at--) (keys[at], places[at]) = (keys[at - 1], places[at - 1]);
            (keys[at], places[at]) = (key, place);
        }
    }

    private static void SortMany(Span<long> keys, Span<int> places)
    {
        var otherKeys = ArrayPool<long>.Shared.Rent(keys.Length);
        var otherPlaces = ArrayPool<int>.Shared.Rent(keys.Length);
        Span<int> starts = stackalloc int[Digits];
        var differing = Differing(keys);
        var isOther = false;
        for (var shift = 0; shift < 64; shift += DigitBits)
        {
            if ((differing >> shift & (Digits - 1)) == 0) continue;
            if (isOther) Distribute(starts, shift, otherKeys.AsSpan(0, keys.Length), otherPlaces, keys, places);
            else Distribute(starts, shift, keys, places, otherKeys, otherPlaces);
            isOther = !isOther;
        }
        if (isOther)
        {
            otherKeys.AsSpan(0, keys.Length).CopyTo(keys);
            otherPlaces.AsSpan(0, keys.Length).CopyTo(places);
        }
        ArrayPool<long>.Shared.Return(otherKeys);
        ArrayPool<int>.Shared.Return(otherPlaces);
    }

    private static void Distribute(
        Span<int> starts, int shift, ReadOnlySpan<long> keys, ReadOnlySpan<int> places, Span<long> toKeys, Span<int> toPlaces)
    {
        CountInto(starts, keys, shift);
        for (var i = 0; i < keys.Length; i++)
        {
            var at = starts[DigitOf(keys[i], shift)]++;
            toKeys[at] = keys[i];
            toPlaces[at] = places[i];
        }
    }

    // Where each digit's keys begin.
    private static void CountInto(Span<int> starts, ReadOnlySpan<long> keys, int shift)
    {
        starts.Clear();
        foreach (var key in keys) starts[DigitOf(key, shift)]++;
        var next = 0;
        foreach (ref var start in starts) (start, next) = (next, next + start);
    }

    private static int DigitOf(long key, int shift) => (int)(((ulong)key ^ Sign) >> shift) & (Digits - 1);

    private static ulong Differing(ReadOnlySpan<long> keys)
    {
        var differing = 0UL;
        foreach (var key in keys) differing |= (ulong)(key ^ keys[0]);
        return differing;
    }
}
