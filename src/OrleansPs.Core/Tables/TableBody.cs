using OrleansPs.Core.Blocks;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Core.Tables;

/// <summary>The body of a block that is a shard of an embedding table.</summary>
/// <remarks>
/// Everything that a row's life depends on (clock, sketch, when it was pushed) is state that pushes change and images carry; whether a
/// row that is over still takes memory is not, so replicas may sweep at different times.
/// </remarks>
internal sealed class TableBody : BlockBody
{
    private const int Wave = RowStore.Wave;

    private readonly RowRules _rules;
    private readonly RowStore _rows;
    private readonly AdmissionSketch? _sketch;
    private readonly StagedRows _staged;
    private readonly RowEviction _eviction;
    private readonly ShardRoom _room;
    private readonly Reduction _reduction;
    private readonly int _block;
    private FrozenRows? _frozen;
    private long _clock;

    public TableBody(ModelSpec spec, BlockShape shape, BlockImage? image, int mostRows = 0)
    {
        _rules = new(spec, shape, mostRows);
        _rows = new(_rules.Layout.Floats);
        _staged = new(_rules, spec.RankLimit, spec.PushesPerStep);
        _eviction = new(_rules, _rows);
        _room = new(_rules, _rows, _staged);
        (_reduction, _block) = (spec.Reduction, shape.Index);
        if (image?.Rows is { } rows)
        {
            _clock = rows.Clock;
            for (var i = 0; i < rows.Count; i++) rows.RecordOf(i).CopyTo(_rows.Record(_rows.Add(rows.Keys[i])));
        }
        if (_rules.SketchBytes > 0)
            _sketch = image?.Rows?.Sketch is { } counters ? AdmissionSketch.From(counters) : new(_rules.SketchBytes);
    }

    public override long Bytes => _rows.Bytes + _rules.SketchBytes;

    public override IStagedRound Staged => _staged;

    public override (long Rows, long Most) Room => (_rows.Count, _rules.MostRows);

    public override bool HasRoom(ReadOnlySpan<SegmentSlice> gradient, long clock, bool isBeforeCut) =>
        _room.IsEnough(gradient, isBeforeCut ? _frozen : null, Math.Max(clock, _clock));

    public override string? Misfit(ReadOnlySpan<SegmentSlice> slices)
    {
        if (slices.Length > 1) return $"Block {_block} is a shard of a table, which has one segment, not {slices.Length}.";
        foreach (var slice in slices)
        {
            if (slice.Segment != 0 || slice.Values.Length != (long)slice.Keys.Length * _rules.Width)
                return $"{slice.Values.Length} floats are not {slice.Keys.Length} rows of {_rules.Width} of block {_block}.";
            var keys = slice.Keys.Span;
            for (var i = 1; i < keys.Length; i++)
                if (keys[i] <= keys[i - 1]) return $"The keys for block {_block} are not ascending: {keys[i]} follows {keys[i - 1]}.";
        }
        return null;
    }

    public override void Read(ReadOnlySpan<SegmentSlice> values)
    {
        Span<int> found = stackalloc int[Wave];
        foreach (var slice in values)
        {
            var keys = slice.Keys.Span;
            for (var at = 0; at < keys.Length; at += Wave)
            {
                var count = _rows.Find(keys, at, found);
                for (var i = 0; i < count; i++) Read(keys[at + i], found[i], RowOf(slice.Values.Span, at + i));
            }
        }
    }

    public override void Update(ReadOnlySpan<SegmentSlice> gradient, in PushMoment moment)
    {
        if (_rules.IsFrozen) return;
        _clock = Math.Max(_clock, moment.Clock);
        foreach (var slice in gradient) Update(slice.Keys.Span, slice.Values.Span, moment);
        Trim();
    }

    public override void UpdateBeforeCut(ReadOnlySpan<SegmentSlice> gradient, in PushMoment moment, bool live)
    {
        if (_rules.IsFrozen) return;
        if (live) _clock = Math.Max(_clock, moment.Clock);
        _frozen?.Advance(moment.Clock);
        foreach (var slice in gradient)
        {
            var keys = slice.Keys.Span;
            for (var i = 0; i < keys.Length; i++) UpdateBeforeCut(keys[i], RowOf(slice.Values.Span, i), moment, live);
        }
        if (live) Trim();
    }

    public override void Close(Certificate certificate, in PushMoment moment)
    {
        var sums = _staged.Take(certificate, _reduction);
        if (_rules.IsFrozen) return;
        _clock = Math.Max(_clock, moment.Clock);
        Update(sums.Keys, sums.Rows, moment);
        Trim();
    }

    public override void Freeze()
    {
        _frozen?.Release();
        _frozen = new(_rules, _sketch is null ? null : AdmissionSketch.From(_sketch.Counters), _clock, _rows.Count);
    }

    public override void Thaw()
    {
        _frozen?.Release();
        _frozen = null;
    }

    public override BlockImage TakeFrozen(in ImageMark mark)
    {
        var image = TableImages.Of(_rules, _rows, _frozen!, mark, _block);
        Thaw();
        return image;
    }

    public override BlockImage ToImage(in ImageMark mark) => TableImages.Of(_rules, _rows, _sketch, _clock, mark, _block);

    public override void Release()
    {
        _frozen?.Release();
        _staged.Release();
        _rows.Release();
    }

    private void Read(long key, int row, Span<float> values)
    {
        if (row >= 0 && _rows.Record(row) is var record && !_rules.IsExpired(record, _clock)) _rules.Layout.Values(record).CopyTo(values);
        else _rules.First(key, values);
    }

    private void Update(ReadOnlySpan<long> keys, ReadOnlySpan<float> gradient, in PushMoment moment)
    {
        Span<int> found = stackalloc int[Wave];
        for (var at = 0; at < keys.Length; at += Wave)
        {
            var count = _rows.Find(keys, at, found);
            for (var i = 0; i < count; i++)
            {
                var row = Live(keys[at + i], found[i]);
                if (row < 0 && Admits(keys[at + i])) row = Begin(keys[at + i]);
                if (row >= 0) _rules.Step(_rows.Record(row), RowOf(gradient, at + i), moment, RowLayout.Narrow(_clock));
            }
        }
    }

    /// <summary>The row of a key that something from after the cut is about to change; -1 if it has none, or one whose time is over.</summary>
    private int Live(long key, int row)
    {
        _frozen?.Preserve(key, _rows, row);
        if (row < 0 || !_rules.IsExpired(_rows.Record(row), _clock)) return row;
        _rows.Remove(row);
        return -1;
    }

    private void UpdateBeforeCut(long key, ReadOnlySpan<float> gradient, in PushMoment moment, bool live)
    {
        var row = _rows.Find(key);
        if (row >= 0 && live && _rules.IsExpired(_rows.Record(row), _clock)) row = Live(key, row);
        var admitted = live && row < 0 && Admits(key);
        if (_frozen is not null) UpdateFrozen(_frozen, key, row, gradient, moment, admitted);
        if (admitted) row = Begin(key);
        if (live && row >= 0) _rules.Step(_rows.Record(row), gradient, moment, RowLayout.Narrow(_clock));
    }

    /// <summary>
    /// A row that is shared gets the push with the live one. It is no longer shared if only one of the two admits it, or if they would
    /// not say the same of when it was pushed, for the live clock may be ahead.
    /// </summary>
    private void UpdateFrozen(FrozenRows frozen, long key, int row, ReadOnlySpan<float> gradient, in PushMoment moment, bool admitted)
    {
        var agrees = !_rules.Layout.Ages || frozen.Clock == _clock;
        if (frozen.Shares(key))
        {
            if (row < 0)
            {
                UpdateAbsent(frozen, key, gradient, moment, admitted, agrees);
                return;
            }
            if (agrees) return;
            frozen.Preserve(key, _rows, row);
        }
        frozen.Update(key, gradient, moment);
    }

    private void UpdateAbsent(
        FrozenRows frozen, long key, ReadOnlySpan<float> gradient, in PushMoment moment, bool admitted, bool agrees)
    {
        var frozenAdmits = frozen.Admits(key);
        if (frozenAdmits == admitted && (agrees || !admitted))
        {
            if (admitted) frozen.CountShared();
            return;
        }
        if (frozenAdmits) frozen.Begin(key, gradient, moment);
        else frozen.Preserve(key, _rows, -1);
    }

    private bool Admits(long key) => _sketch is null || _sketch.Touch(KeyHash.Of(key)) >= _rules.AdmitAfter;

    private int Begin(long key)
    {
        var row = _rows.Add(key);
        _rules.Begin(key, _rows.Record(row));
        return row;
    }

    private void Trim() => _eviction.Trim(_clock, _frozen);

    private Span<float> RowOf(Span<float> rows, int index) => rows.Slice(index * _rules.Width, _rules.Width);

    private ReadOnlySpan<float> RowOf(ReadOnlySpan<float> rows, int index) => rows.Slice(index * _rules.Width, _rules.Width);
}
