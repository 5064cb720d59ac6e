namespace OrleansPs.Core.Tables;

/// <summary>
/// Counts how often keys were pushed, in a bounded number of bytes: a count-min sketch (Cormode and Muthukrishnan 2005) of four rows of
/// one-byte counters with conservative update (Estan and Varghese 2002). It may count too much, never too little, until it ages: when half of
/// its counters are in use all are halved (Einziger, Friedman and Manes 2017).
/// </summary>
/// <remarks>Not thread safe.</remarks>
internal sealed class AdmissionSketch
{
    private const int Depth = 4;

    private readonly byte[] _counters;
    private readonly int _columns;
    private int _used;

    public AdmissionSketch(int bytes)
        : this(new byte[bytes])
    {
    }

    private AdmissionSketch(byte[] counters)
    {
        _counters = counters;
        _columns = counters.Length / Depth;
    }

    /// <summary>The counters, row after row.</summary>
    public ReadOnlySpan<byte> Counters => _counters;

    /// <summary>The bytes that a sketch of at most so many takes.</summary>
    public static int BytesFor(int most) => most / Depth * Depth;

    /// <summary>A sketch with the counters of another one.</summary>
    public static AdmissionSketch From(ReadOnlySpan<byte> counters)
    {
        var sketch = new AdmissionSketch(counters.ToArray());
        sketch.CountUsed();
        return sketch;
    }

    /// <summary>Counts a push of a key, by its hash.</summary>
    /// <returns>How often the key was pushed, this time included; at most 255.</returns>
    public int Touch(ulong hash)
    {
        Span<int> places = stackalloc int[Depth];
        var least = Places(hash, places);
        if (least == byte.MaxValue) return least;
        foreach (var place in places)
        {
            if (_counters[place] > least) continue;
            if (_counters[place]++ == 0) _used++;
        }
        if (_used * 2 > _counters.Length) Age();
        return least + 1;
    }

    // Double hashing (Kirsch and Mitzenmacher 2006): the second hash is odd, so rows differ. A shard's keys agree in the upper bits of
    // their hashes, so it takes a product for one that depends on all of them.
    private int Places(ulong hash, Span<int> places)
    {
        var (first, second) = ((uint)hash, (uint)((hash * 0x9E3779B97F4A7C15) >> 32) | 1);
        var least = (int)byte.MaxValue;
        for (var row = 0; row < Depth; row++)
        {
            places[row] = (row * _columns) + (int)(((ulong)first * (uint)_columns) >> 32);
            least = Math.Min(least, _counters[places[row]]);
            first += second;
        }
        return least;
    }

    private void Age()
    {
        for (var i = 0; i < _counters.Length; i++) _counters[i] >>= 1;
        CountUsed();
    }

    private void CountUsed() => _used = _counters.Length - _counters.AsSpan().Count((byte)0);
}
