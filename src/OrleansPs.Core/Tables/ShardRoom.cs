using OrleansPs.Core.Messages;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Core.Tables;

/// <summary>
/// Tells before a push whether its shard could come to more rows than it may have. Where there is plenty of room, as nearly always, that is a
/// comparison of numbers; only near the limit are keys looked up that have a row, and rows left out whose time is over.
/// </summary>
/// <remarks>
/// A key counts as a new row with its first push, whether or not the sketch will admit it; under rounds once for each rank that pushed it.
/// A shard with a capacity is never full: it loses its least recent rows instead.
/// </remarks>
internal sealed class ShardRoom(RowRules rules, RowStore rows, StagedRows staged)
{
    // Of a replica's state, beside its image: generously.
    private const int StateBytes = 1024;
    private const int RankBytes = 128;

    /// <summary>
    /// The most rows that a shard may have. Its image is one array of bytes, and so is its state on the way to another silo: the image, and what
    /// ranks have staged for the open round. For the latter at most half of the array is held back.
    /// </summary>
    /// <param name="spec">The model's spec, valid.</param>
    /// <param name="table">The table.</param>
    /// <param name="layout">Its rows' layout.</param>
    /// <param name="sketchBytes">The bytes of the shard's sketch.</param>
    public static int MostRows(ModelSpec spec, EmbeddingTable table, RowLayout layout, int sketchBytes)
    {
        var rankBytes = RankBytes + BlockImageCodec.DedupeBytes + ((spec.PushesPerStep + 63L) / 64 * sizeof(ulong));
        var room = Array.MaxLength - StateBytes - BlockImageCodec.HeaderBytes - sketchBytes - (spec.RankLimit * rankBytes);
        var staged = (long)spec.RankLimit * table.MaxRowsPerStep * RowBytes(table.Width);
        var most = (room - Math.Min(staged, room / 2)) / RowBytes(layout.Floats);
        return (int)Math.Clamp(most, 1, RowStore.MostRows(layout.Floats) / 2);
    }

    /// <summary>Whether a push leaves the shard within its limit, and the frozen copy too if the push is from before its cut.</summary>
    /// <param name="gradient">The push.</param>
    /// <param name="frozen">The frozen copy that the push goes to as well, or null.</param>
    /// <param name="clock">The shard's clock once the push is applied.</param>
    public bool IsEnough(ReadOnlySpan<SegmentSlice> gradient, FrozenRows? frozen, long clock)
    {
        if (rules.Capacity > 0 || rules.IsFrozen) return true;
        long pushed = 0;
        foreach (var slice in gradient) pushed += slice.Keys.Length;
        return IsEnoughLive(gradient, pushed, clock) && (frozen is null || frozen.HasRoom(rows, gradient, pushed));
    }

    /// <summary>How many keys have no row, or one whose time is over.</summary>
    public long CountNew(ReadOnlySpan<long> keys, long clock)
    {
        Span<int> found = stackalloc int[RowStore.Wave];
        var count = 0L;
        for (var at = 0; at < keys.Length; at += RowStore.Wave)
        {
            foreach (var row in found[..rows.Find(keys, at, found)])
                if (row < 0 || rules.IsExpired(rows.Record(row), clock)) count++;
        }
        return count;
    }

    private static long RowBytes(int floats) => sizeof(long) + ((long)floats * sizeof(float));

    private bool IsEnoughLive(ReadOnlySpan<SegmentSlice> gradient, long pushed, long clock)
    {
        if (rows.Count + staged.Rows + pushed <= rules.MostRows) return true;
        var count = rules.CountLive(rows, clock) + staged.CountNew(this, clock);
        foreach (var slice in gradient) count += CountNew(slice.Keys.Span, clock);
        return count <= rules.MostRows;
    }
}
