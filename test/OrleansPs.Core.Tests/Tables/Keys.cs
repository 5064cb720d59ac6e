using OrleansPs.Core.Partitioning;

namespace OrleansPs.Core.Tests.Tables;

/// <summary>Keys by their hash, which is a bijection, so that tests can place them.</summary>
internal static class Keys
{
    /// <summary>The key that has a hash.</summary>
    public static long WithHash(ulong hash)
    {
        hash = Unshift(hash, 31) * Inverse(0x94D049BB133111EB);
        hash = Unshift(hash, 27) * Inverse(0xBF58476D1CE4E5B9);
        return (long)(Unshift(hash, 30) - 0x9E3779B97F4A7C15);
    }

    /// <summary>Keys whose own slots are a few neighbours around the end of every index, so that runs are long and wrap.</summary>
    public static long[] Clustered(Random random, int count, int slots) =>
        [.. Enumerable.Range(0, count).Select(_ => WithHash(((ulong)random.NextInt64() << 32) | (uint)random.Next(-slots / 2, slots / 2))).Distinct()];

    /// <summary>Keys of one shard, the ends of the range and both sides of zero among them if they belong there.</summary>
    public static long[] OfShard(Random random, int count, int shard, int shards) =>
        [.. new[] { long.MinValue, long.MaxValue, -1, 0, 1 }.Concat(Enumerable.Range(0, int.MaxValue).Select(_ => random.NextInt64() - (random.NextInt64() / 2)))
            .Where(key => KeyHash.Shard(KeyHash.Of(key), shards) == shard).Take(count).Distinct().Order()];

    private static ulong Unshift(ulong value, int by)
    {
        var result = value;
        for (var known = by; known < 64; known += by) result = value ^ (result >> by);
        return result;
    }

    // Newton's iteration doubles the bits that are right; an odd number is its own inverse in three.
    private static ulong Inverse(ulong odd)
    {
        var inverse = odd;
        for (var i = 0; i < 5; i++) inverse *= 2 - (odd * inverse);
        return inverse;
    }
}
