using OrleansPs.Core.Blocks;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;

namespace OrleansPs.Core.Tables;

/// <summary>
/// A shard's rows as they are at an open cut, while the live ones go on. Copy-on-write by row: a row is shared with the live store until
/// something from after the cut is about to change it; then its record is kept here, or that it did not exist.
/// </summary>
/// <remarks>It never loses rows for want of room: what it has beyond its share goes when the shard is made of it and pushed to.</remarks>
/// <param name="rules">The shard's rules.</param>
/// <param name="sketch">A copy of the live sketch, or null.</param>
/// <param name="clock">The shard's clock.</param>
/// <param name="rows">How many rows the shard has.</param>
internal sealed class FrozenRows(RowRules rules, AdmissionSketch? sketch, long clock, int rows)
{
    private readonly RowStore _kept = new(rules.Layout.Floats);
    private readonly HashSet<long> _absent = [];
    private long _most = rows;

    /// <summary>The clock of the newest push that it contains.</summary>
    public long Clock { get; private set; } = clock;

    public AdmissionSketch? Sketch => sketch;

    /// <summary>The rows that are kept here.</summary>
    public RowStore Kept => _kept;

    /// <summary>Whether a key is as in the live store.</summary>
    public bool Shares(long key) => _kept.Find(key) < 0 && !_absent.Contains(key);

    /// <summary>Whether a push from before the cut leaves the copy within a shard's limit.</summary>
    /// <param name="live">The live store.</param>
    /// <param name="gradient">The push.</param>
    /// <param name="pushed">How many rows it has.</param>
    public bool HasRoom(RowStore live, ReadOnlySpan<SegmentSlice> gradient, long pushed)
    {
        if (_most + pushed <= rules.MostRows) return true;
        var count = _most;
        foreach (var slice in gradient)
            foreach (var key in slice.Keys.Span)
                if (!Has(key, live)) count++;
        return count <= rules.MostRows;
    }

    /// <summary>A push from before the cut gave the copy and the live store the same row.</summary>
    public void CountShared() => _most++;

    /// <summary>Keeps what a key has at present; to be called before the live store changes it on its own.</summary>
    /// <param name="key">The key.</param>
    /// <param name="live">The live store.</param>
    /// <param name="row">The key's row there, or -1.</param>
    public void Preserve(long key, RowStore live, int row)
    {
        if (!Shares(key)) return;
        if (row < 0) _absent.Add(key);
        else live.Record(row).CopyTo(_kept.Record(_kept.Add(key)));
    }

    /// <summary>Whether a key without a row gets one by a push from before the cut, which is counted.</summary>
    public bool Admits(long key) => sketch is null || sketch.Touch(KeyHash.Of(key)) >= rules.AdmitAfter;

    /// <summary>A push from before the cut is coming.</summary>
    public void Advance(long pushed) => Clock = Math.Max(Clock, pushed);

    /// <summary>Applies a push from before the cut to a key that is not shared.</summary>
    public void Update(long key, ReadOnlySpan<float> gradient, in PushMoment moment)
    {
        var row = _kept.Find(key);
        if (row >= 0 && rules.IsExpired(_kept.Record(row), Clock))
        {
            _kept.Remove(row);
            _absent.Add(key);
            row = -1;
        }
        if (row >= 0) rules.Step(_kept.Record(row), gradient, moment, RowLayout.Narrow(Clock));
        else if (Admits(key)) Begin(key, gradient, moment);
    }

    /// <summary>Gives a key a row of its own here, and applies its first gradient.</summary>
    public void Begin(long key, ReadOnlySpan<float> gradient, in PushMoment moment)
    {
        _most++;
        _absent.Remove(key);
        var record = _kept.Record(_kept.Add(key));
        rules.Begin(key, record);
        rules.Step(record, gradient, moment, RowLayout.Narrow(Clock));
    }

    private bool Has(long key, RowStore live) => _kept.Find(key) >= 0 || (!_absent.Contains(key) && live.Find(key) >= 0);

    /// <summary>Returns all memory.</summary>
    public void Release() => _kept.Release();
}
