namespace OrleansPs.Conformance;

/// <summary>Numbers that look random and are a function of where they stand: the same on every run and in every order.</summary>
public static class Noise
{
    /// <summary>A number in [-1, 1).</summary>
    public static float At(long seed, long rank, long step, long index)
    {
        var x = (ulong)seed;
        foreach (var part in (ReadOnlySpan<long>)[rank, step, index]) x = Mix(x + (ulong)part + 0x9E3779B97F4A7C15);
        return (x >> 40) / (float)(1 << 23) - 1;
    }

    public static float[] Array(int length, long seed, long rank = 0, long step = 0)
    {
        var values = new float[length];
        for (var i = 0; i < length; i++) values[i] = At(seed, rank, step, i);
        return values;
    }

    /// <summary>Fills a set; its parameters differ from each other.</summary>
    public static void Fill(TensorSet set, long seed, long rank, long step)
    {
        var at = 0L;
        foreach (var (_, memory) in set)
        {
            var span = memory.Span;
            for (var i = 0; i < span.Length; i++) span[i] = At(seed, rank, step, at + i);
            at += span.Length;
        }
    }

    private static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
