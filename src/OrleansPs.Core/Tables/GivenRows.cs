using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Core.Tables;

/// <summary>Which of the rows that are given to a table belong to which of its shards: 16 bytes a row, sorted by shard and key.</summary>
public sealed class GivenRows
{
    private readonly long[] _keys;
    private readonly long[] _at;
    private readonly int[] _shards;

    private GivenRows(long[] keys, long[] at, int[] shards) => (_keys, _at, _shards) = (keys, at, shards);

    /// <summary>Sorts keys.</summary>
    /// <param name="keys">The keys, in the order of the rows; theirs again when this returns.</param>
    /// <param name="shards">How many shards the table has.</param>
    /// <param name="twice">A key that is there twice, or null.</param>
    public static GivenRows Of(ReadOnlySpan<long> keys, int shards, out long? twice)
    {
        var at = new long[keys.Length];
        for (var i = 0; i < at.Length; i++) at[i] = i;
        var sorted = keys.ToArray();
        var order = new ByShard[keys.Length];
        for (var i = 0; i < order.Length; i++) order[i] = new(KeyHash.Shard(KeyHash.Of(sorted[i]), shards), sorted[i]);
        Array.Sort(order, at);
        twice = null;
        var starts = new int[shards + 1];
        for (var i = 0; i < order.Length; i++)
        {
            sorted[i] = order[i].Key;
            starts[order[i].Shard + 1]++;
            if (i > 0 && sorted[i] == sorted[i - 1]) twice = sorted[i];
        }
        for (var s = 0; s < shards; s++) starts[s + 1] += starts[s];
        return new(sorted, at, starts);
    }

    /// <summary>The keys of a shard, ascending.</summary>
    public ReadOnlySpan<long> KeysOf(int shard) => _keys.AsSpan(_shards[shard].._shards[shard + 1]);

    /// <summary>Which row each of them is, in the order that the keys were given in.</summary>
    public ReadOnlySpan<long> RowsOf(int shard) => _at.AsSpan(_shards[shard].._shards[shard + 1]);

    /// <summary>A shard with these keys, which nothing has happened to yet; what is given is written over its <see cref="TableImage.ValuesOf"/>.</summary>
    /// <param name="spec">The model's spec, valid.</param>
    /// <param name="shape">The shard's block.</param>
    /// <returns>An image whose arrays come from the shared pool.</returns>
    /// <exception cref="TableFullException">The shard may not have so many rows.</exception>
    public BlockImage ToImage(ModelSpec spec, BlockShape shape)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(shape);
        var rules = new RowRules(spec, shape);
        var keys = KeysOf(shape.Shard);
        rules.RequireRoom(shape.Shard, keys.Length);
        var rows = TableAdapter.Empty(rules, keys.Length, 0, null);
        keys.CopyTo(rows.Keys);
        for (var i = 0; i < keys.Length; i++) rules.Begin(keys[i], rows.RecordOf(i));
        return new() { Block = shape.Index, Length = 0, Version = 0, EntryIndex = 0, Values = [], Segments = [], Dedupe = [], Rows = rows };
    }

    private readonly record struct ByShard(int Shard, long Key) : IComparable<ByShard>
    {
        public int CompareTo(ByShard other) => Shard != other.Shard ? Shard.CompareTo(other.Shard) : Key.CompareTo(other.Key);
    }
}
