using OrleansPs.Core.Optimizers;

namespace OrleansPs.Core.Partitioning;

/// <summary>
/// Where the key of a row belongs: the finalizer of SplitMix64 spreads keys, its upper half chooses the shard, its lower half the slot.
/// </summary>
/// <remarks>Frozen: snapshots hold rows by shard.</remarks>
public static class KeyHash
{
    /// <summary>The hash of a key: a bijection.</summary>
    public static ulong Of(long key) => Initializing.Mix((ulong)key + 0x9E3779B97F4A7C15);

    /// <summary>The shard of a hash, 0 to <paramref name="shards"/> - 1.</summary>
    public static int Shard(ulong hash, int shards) => (int)(((hash >> 32) * (ulong)shards) >> 32);
}
