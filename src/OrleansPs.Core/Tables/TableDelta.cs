using System.Buffers;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Core.Tables;

/// <summary>
/// What changed in a shard since an earlier cut, and the whole again from both. Every record says after which cut it changed last, so
/// nothing has to be kept but the number of the base.
/// </summary>
/// <remarks>Pure; thread safe.</remarks>
public static class TableDelta
{
    /// <summary>The delta of an image against an earlier whole cut.</summary>
    /// <param name="image">The image of a table's shard, whole. It stays the caller's.</param>
    /// <param name="baseCut">The cut that the delta is to rest on: an earlier one of the same generation, whole.</param>
    /// <returns>The delta, whose arrays come from the shared pool; null if it would save less than half of the rows.</returns>
    public static BlockImage? Since(BlockImage image, long baseCut)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (image.Rows is not { BaseCut: < 0 } rows) return null;
        var changed = 0;
        for (var i = 0; i < rows.Count; i++)
            if (HasChanged(rows, i, baseCut)) changed++;
        return changed * 2L > rows.Count ? null : With(image, Select(rows, baseCut, changed), image.Dedupe);
    }

    /// <summary>The whole that a delta and its base make.</summary>
    /// <param name="from">The base's image, whole.</param>
    /// <param name="delta">The delta.</param>
    /// <returns>The whole, whose arrays come from the shared pool; null if they do not fit together.</returns>
    public static BlockImage? Apply(BlockImage from, BlockImage delta)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(delta);
        if (from.Rows is not { BaseCut: < 0 } old || delta.Rows is not { BaseCut: >= 0 } next || from.Block != delta.Block) return null;
        if (old.Width != next.Width || old.StateFloats != next.StateFloats || old.CountsUpdates != next.CountsUpdates || old.Ages != next.Ages)
            return null;
        var merged = next.Remaining is null ? Union(old, next) : Remain(old, next);
        return merged is null ? null : With(delta, merged, delta.Dedupe);
    }

    private static bool HasChanged(TableImage rows, int row, long baseCut) =>
        BitConverter.SingleToInt32Bits(rows.RecordOf(row)[^1]) >= RowLayout.Narrow(baseCut);

    private static TableImage Select(TableImage rows, long baseCut, int changed)
    {
        var delta = new Builder(rows, changed);
        for (var i = 0; i < rows.Count; i++)
            if (HasChanged(rows, i, baseCut)) delta.Add(rows, i);
        long[]? remaining = null;
        if (rows.Ages)
        {
            remaining = ArrayPool<long>.Shared.Rent(Math.Max(1, rows.Count));
            rows.Keys.AsSpan(0, rows.Count).CopyTo(remaining);
        }
        return delta.ToImage(rows, baseCut, remaining, remaining is null ? 0 : rows.Count);
    }

    private static TableImage Union(TableImage old, TableImage next)
    {
        var whole = new Builder(next, checked(old.Count + next.Count));
        var (o, n) = (0, 0);
        while (o < old.Count || n < next.Count)
        {
            if (n == next.Count || (o < old.Count && old.Keys[o] < next.Keys[n]))
            {
                whole.Add(old, o++);
                continue;
            }
            if (o < old.Count && old.Keys[o] == next.Keys[n]) o++;
            whole.Add(next, n++);
        }
        return whole.ToImage(next, -1, null, 0);
    }

    /// <summary>The rows that remain, each from the delta or else from the base; null if one is in neither.</summary>
    private static TableImage? Remain(TableImage old, TableImage next)
    {
        var whole = new Builder(next, next.RemainingCount);
        var (o, n) = (0, 0);
        foreach (var key in next.Remaining.AsSpan(0, next.RemainingCount))
        {
            while (o < old.Count && old.Keys[o] < key) o++;
            if (n < next.Count && next.Keys[n] == key) whole.Add(next, n++);
            else if (o < old.Count && old.Keys[o] == key) whole.Add(old, o);
            else return null;
        }
        return n == next.Count ? whole.ToImage(next, -1, null, 0) : null;
    }

    private static BlockImage With(BlockImage image, TableImage rows, IReadOnlyList<DedupeImage> dedupe) => new()
    {
        Block = image.Block, Length = 0, Version = image.Version, EntryIndex = image.EntryIndex, Values = [], Segments = [],
        Dedupe = dedupe, Rows = rows,
    };

    /// <summary>Gathers rows in pooled memory.</summary>
    private struct Builder(TableImage like, int most)
    {
        private readonly long[] _keys = ArrayPool<long>.Shared.Rent(Math.Max(1, most));
        private readonly float[] _records = ArrayPool<float>.Shared.Rent(Math.Max(1, checked(most * like.RecordFloats)));
        private int _count;

        public void Add(TableImage from, int row)
        {
            _keys[_count] = from.Keys[row];
            from.RecordOf(row).CopyTo(_records.AsSpan(_count * from.RecordFloats));
            _count++;
        }

        public readonly TableImage ToImage(TableImage like, long baseCut, long[]? remaining, int remainingCount) => new()
        {
            Count = _count, Width = like.Width, StateFloats = like.StateFloats, CountsUpdates = like.CountsUpdates, Ages = like.Ages,
            Clock = like.Clock, Sketch = like.Sketch, Keys = _keys, Records = _records, BaseCut = baseCut, Remaining = remaining,
            RemainingCount = remainingCount,
        };
    }
}
