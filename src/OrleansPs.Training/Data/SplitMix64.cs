namespace OrleansPs.Training;

/// <summary>The SplitMix64 generator (Steele, Lea and Flood 2014): small, seeded, and never changed by a new runtime.</summary>
internal struct SplitMix64(ulong seed)
{
    private const ulong Gamma = 0x9E3779B97F4A7C15;
    private ulong _state = seed;

    public static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    public ulong Next() => Mix(_state += Gamma);

    // The high half of a 64 x 64 bit product; its bias is below 2^-32 for any int.
    public int Below(int bound) => (int)Math.BigMul(Next(), (ulong)bound, out _);

    public double NextUnit() => (Next() >> 11) * (1.0 / (1UL << 53));
}
