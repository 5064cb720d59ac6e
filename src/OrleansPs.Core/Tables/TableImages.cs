using System.Buffers;
using OrleansPs.Core.Blocks;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Core.Tables;

/// <summary>Makes images of a shard's rows: by key, without those whose time is over, so that equal states are equal bytes.</summary>
internal static class TableImages
{
    /// <summary>The live rows.</summary>
    public static BlockImage Of(RowRules rules, RowStore live, AdmissionSketch? sketch, long clock, in ImageMark mark, int block)
    {
        var found = new Selection(live.Count);
        AddAll(ref found, live, rules, clock, null);
        return Copy(found, rules, live, live, sketch, clock, mark, block);
    }

    /// <summary>The rows at a cut: those that are shared, and those that are kept.</summary>
    public static BlockImage Of(RowRules rules, RowStore live, FrozenRows frozen, in ImageMark mark, int block)
    {
        var found = new Selection(live.Count + frozen.Kept.Count);
        AddAll(ref found, live, rules, frozen.Clock, frozen);
        var kept = new Selection(frozen.Kept.Count);
        AddAll(ref kept, frozen.Kept, rules, frozen.Clock, null);
        for (var i = 0; i < kept.Count; i++) found.Add(kept.Keys[i], ~kept.Rows[i]);
        kept.Return();
        return Copy(found, rules, live, frozen.Kept, frozen.Sketch, frozen.Clock, mark, block);
    }

    private static void AddAll(ref Selection found, RowStore rows, RowRules rules, long clock, FrozenRows? unless)
    {
        var all = ArrayPool<int>.Shared.Rent(Math.Max(1, rows.Count));
        rows.CopyRows(all);
        foreach (var row in all.AsSpan(0, rows.Count))
        {
            var key = rows.KeyOf(row);
            if (unless is not null && !unless.Shares(key)) continue;
            if (!rules.IsExpired(rows.Record(row), clock)) found.Add(key, row);
        }
        ArrayPool<int>.Shared.Return(all);
    }

    private static BlockImage Copy(
        Selection found, RowRules rules, RowStore live, RowStore kept, AdmissionSketch? sketch, long clock, in ImageMark mark, int block)
    {
        Array.Sort(found.Keys, found.Rows, 0, found.Count);
        var floats = rules.Layout.Floats;
        var records = ArrayPool<float>.Shared.Rent(checked(found.Count * floats));
        for (var i = 0; i < found.Count; i++)
        {
            var row = found.Rows[i];
            (row >= 0 ? live.Record(row) : kept.Record(~row)).CopyTo(records.AsSpan(i * floats, floats));
        }
        ArrayPool<int>.Shared.Return(found.Rows);
        return new()
        {
            Block = block, Length = 0, Version = mark.Version, EntryIndex = mark.EntryIndex, Values = [], Segments = [], Dedupe = mark.Dedupe,
            Rows = new()
            {
                Count = found.Count, Width = rules.Width, StateFloats = rules.Layout.State, CountsUpdates = rules.Layout.Counts,
                Ages = rules.Layout.Ages, Clock = clock, Keys = found.Keys, Records = records, Sketch = sketch?.Counters.ToArray(),
            },
        };
    }

    /// <summary>Keys with the number of their row; ~number for one of the kept ones.</summary>
    private struct Selection(int most)
    {
        public long[] Keys { get; } = ArrayPool<long>.Shared.Rent(Math.Max(1, most));

        public int[] Rows { get; } = ArrayPool<int>.Shared.Rent(Math.Max(1, most));

        public int Count { get; private set; }

        public void Add(long key, int row)
        {
            Keys[Count] = key;
            Rows[Count++] = row;
        }

        public readonly void Return()
        {
            ArrayPool<long>.Shared.Return(Keys);
            ArrayPool<int>.Shared.Return(Rows);
        }
    }
}
