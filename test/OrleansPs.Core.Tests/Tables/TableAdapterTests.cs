using FsCheck.Xunit;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Tables;

namespace OrleansPs.Core.Tests.Tables;

public sealed class TableAdapterTests
{
    [Property(MaxTest = 500)]
    public void The_old_shards_of_a_new_one_have_all_its_keys_and_are_not_many_more(long[] keys, ushort was, ushort now)
    {
        var (old, shards) = ((was % 4096) + 1, (now % 4096) + 1);
        var adapter = new TableAdapter(Spec(old), 0, Spec(shards), 0);
        foreach (var hash in keys.Concat([long.MinValue, -1, 0, 1, long.MaxValue]).Select(KeyHash.Of))
        {
            var sources = adapter.ShardsOf(KeyHash.Shard(hash, shards)).ToArray();
            Assert.Contains(KeyHash.Shard(hash, old), sources);
            Assert.True(sources.Length <= (old / shards) + 4, $"{sources.Length} of {old} for one of {shards}");
        }
    }

    [Property(MaxTest = 200)]
    public void Given_keys_are_sorted_by_shard_and_every_row_is_found(long[] keys, byte shards)
    {
        keys = [.. keys.Distinct()];
        var rows = GivenRows.Of(keys, shards + 1, out var twice);
        Assert.Null(twice);
        var seen = 0;
        for (var shard = 0; shard <= shards; shard++)
        {
            var (own, at) = (rows.KeysOf(shard).ToArray(), rows.RowsOf(shard).ToArray());
            Assert.Equal(own.Order(), own);
            for (var i = 0; i < own.Length; i++)
            {
                Assert.Equal(own[i], keys[at[i]]);
                Assert.Equal(shard, KeyHash.Shard(KeyHash.Of(own[i]), shards + 1));
            }
            seen += own.Length;
        }
        Assert.Equal(keys.Length, seen);
        if (keys.Length > 0) GivenRows.Of([.. keys, keys[0]], shards + 1, out twice);
        Assert.Equal(keys.Length > 0 ? keys[0] : null, twice);
    }

    private static ModelSpec Spec(int shards) => new("m") { Parameters = [], Tables = [new("t", 1) { Shards = shards }], Optimizer = Optimizer.Sgd() };
}
