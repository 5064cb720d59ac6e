using System.Buffers;
using OrleansPs.Core.Blocks;
using OrleansPs.Core.Optimizers;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Core.Tables;

/// <summary>
/// Makes the shards of a table out of those that it had under another spec: rows with their values, their optimizer state and update counts
/// where the optimizer is of the same kind, and the clocks of their last pushes.
/// </summary>
/// <remarks>
/// Rows that did not know when they were pushed, and have to now, count as pushed at the cut. Counts of keys that have no row yet go on only
/// if the number of shards and the sketch's size are the same.
/// </remarks>
internal sealed class TableAdapter
{
    private readonly ModelSpec _to;
    private readonly EmbeddingTable _was;
    private readonly EmbeddingTable _now;
    private readonly bool _keepsState;
    private readonly RowLayout _old;

    public TableAdapter(ModelSpec from, int was, ModelSpec to, int now)
    {
        (_to, _was, _now) = (to, from.Tables[was], to.Tables[now]);
        (Source, _old) = (was, RowLayout.Of(_was, RowKernel.For(from.OptimizerOf(_was))));
        _keepsState = OptimizerState.IsSameKind(from.OptimizerOf(_was), to.OptimizerOf(_now));
        LosesState = !_keepsState && OptimizerState.Exists(from.OptimizerOf(_was));
    }

    /// <summary>The table's index in the old spec.</summary>
    public int Source { get; }

    /// <summary>Whether there was state that is not taken over.</summary>
    public bool LosesState { get; }

    /// <summary>Whether both have the same shards, and a push to one is known by the same identity.</summary>
    public bool HasSameShards => _was.Shards == _now.Shards;

    /// <summary>The old shards whose keys a new shard has: a shard is a range of the hash's upper half.</summary>
    public IEnumerable<int> ShardsOf(int shard)
    {
        var (first, last) = ((long)shard * _was.Shards / _now.Shards, (((shard + 1L) * _was.Shards) - 1) / _now.Shards);
        // One more on each side costs a look, where rounding puts a boundary differently.
        for (var s = Math.Max(0, first - (HasSameShards ? 0 : 1)); s <= Math.Min(_was.Shards - 1, last + (HasSameShards ? 0 : 1)); s++) yield return (int)s;
    }

    /// <summary>Makes a shard.</summary>
    /// <param name="shape">The new block.</param>
    /// <param name="sources">The old shards that <see cref="ShardsOf"/> names, in its order.</param>
    /// <exception cref="TableFullException">The shard may not have so many rows.</exception>
    public TableImage Adapt(BlockShape shape, IReadOnlyList<TableImage> sources)
    {
        var rules = new RowRules(_to, shape);
        var found = new List<(long Key, int Source, int Row)>();
        for (var s = 0; s < sources.Count; s++)
            for (var row = 0; row < sources[s].Count; row++)
                if (KeyHash.Shard(KeyHash.Of(sources[s].Keys[row]), _now.Shards) == shape.Shard) found.Add((sources[s].Keys[row], s, row));
        rules.RequireRoom(shape.Shard, found.Count);
        found.Sort((a, b) => a.Key.CompareTo(b.Key));
        var clock = sources.Max(s => s.Clock);
        var image = Empty(rules, found.Count, clock, SketchOf(rules, sources));
        for (var i = 0; i < found.Count; i++)
        {
            var (key, source, row) = found[i];
            image.Keys[i] = key;
            Fill(rules, key, sources[source].RecordOf(row), image.RecordOf(i), clock);
        }
        return image;
    }

    /// <summary>A shard with room for rows, in pooled arrays.</summary>
    public static TableImage Empty(RowRules rules, int rows, long clock, byte[]? sketch) => new()
    {
        Count = rows,
        Width = rules.Width,
        StateFloats = rules.Layout.State,
        CountsUpdates = rules.Layout.Counts,
        Ages = rules.Layout.Ages,
        Clock = clock,
        Keys = ArrayPool<long>.Shared.Rent(Math.Max(1, rows)),
        Records = ArrayPool<float>.Shared.Rent(Math.Max(1, checked(rows * rules.Layout.Floats))),
        Sketch = sketch ?? (rules.SketchBytes > 0 ? new byte[rules.SketchBytes] : null),
    };

    private byte[]? SketchOf(RowRules rules, IReadOnlyList<TableImage> sources) =>
        HasSameShards && rules.SketchBytes > 0 && sources[0].Sketch is { } sketch && sketch.Length == rules.SketchBytes ? sketch : null;

    private void Fill(RowRules rules, long key, Span<float> from, Span<float> to, long clock)
    {
        rules.Begin(key, to);
        _old.Values(from).CopyTo(rules.Layout.Values(to));
        if (_keepsState)
        {
            _old.StateOf(from).CopyTo(rules.Layout.StateOf(to));
            if (_old.Counts) to[rules.Layout.CountAt] = from[_old.CountAt];
        }
        if (rules.Layout.Ages)
            to[rules.Layout.TouchedAt] = _old.Ages ? from[_old.TouchedAt] : BitConverter.Int32BitsToSingle(RowLayout.Narrow(clock));
        to[rules.Layout.ChangedAt] = from[_old.ChangedAt];
    }
}
