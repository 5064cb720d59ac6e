using System.Buffers;

namespace OrleansPs.Core.Tables;

/// <summary>
/// Takes rows out whose time is over, and those pushed least recently where a shard has more than its share.
/// </summary>
/// <remarks>
/// What is least recent is decided over rows whose time is not over, by clock and then by key. So it depends on what the shard knows
/// alone, and not on when rows were swept out.
/// </remarks>
internal sealed class RowEviction(RowRules rules, RowStore rows)
{
    private long _nextSweep;

    /// <summary>Takes out what is to go after pushes.</summary>
    public void Trim(long clock, FrozenRows? frozen)
    {
        var full = rows.Count > (rules.Capacity > 0 ? rules.Capacity : rules.MostRows);
        if (rules.TimeToLive > 0 && (full || clock >= _nextSweep)) Sweep(clock, frozen);
        if (rules.Capacity > 0 && rows.Count > rules.Capacity) Evict(rows.Count - (rules.Capacity - (rules.Capacity / 8)), frozen);
    }

    private void Sweep(long clock, FrozenRows? frozen)
    {
        _nextSweep = clock + Math.Max(1, rules.TimeToLive / 8);
        using var all = new RentedRows(rows);
        foreach (var row in all.Rows)
            if (rules.IsExpired(rows.Record(row), clock)) Remove(row, frozen);
    }

    private void Evict(int count, FrozenRows? frozen)
    {
        using var all = new RentedRows(rows);
        var touched = ArrayPool<int>.Shared.Rent(all.Rows.Length);
        for (var i = 0; i < all.Rows.Length; i++) touched[i] = rules.TouchedAt(rows.Record(all.Rows[i]));
        Array.Sort(touched, 0, all.Rows.Length);
        var oldest = touched[count - 1];
        ArrayPool<int>.Shared.Return(touched);
        var equal = new List<long>();
        foreach (var row in all.Rows)
        {
            var at = rules.TouchedAt(rows.Record(row));
            if (at == oldest) equal.Add(rows.KeyOf(row));
            if (at >= oldest) continue;
            Remove(row, frozen);
            count--;
        }
        equal.Sort();
        foreach (var key in equal[..count]) Remove(rows.Find(key), frozen);
    }

    private void Remove(int row, FrozenRows? frozen)
    {
        frozen?.Preserve(rows.KeyOf(row), rows, row);
        rows.Remove(row);
    }

    private readonly struct RentedRows : IDisposable
    {
        private readonly int[] _array;
        private readonly int _count;

        public RentedRows(RowStore rows)
        {
            _count = rows.Count;
            _array = ArrayPool<int>.Shared.Rent(Math.Max(1, _count));
            rows.CopyRows(_array);
        }

        public ReadOnlySpan<int> Rows => _array.AsSpan(0, _count);

        public void Dispose() => ArrayPool<int>.Shared.Return(_array);
    }
}
