using OrleansPs.Core.Optimizers;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;
using OrleansPs.Core.Tables;

namespace OrleansPs.Core.Tests.Tables;

/// <summary>
/// What one shard of a table should hold, written from the documentation as simply as it goes: dictionaries, whole copies, no
/// sharing, and rows that end at the moment when their time is over.
/// </summary>
internal sealed class NaiveTable
{
    private readonly EmbeddingTable _table;
    private readonly ModelSpec _spec;
    private readonly RowKernel _kernel;
    private readonly RowLifetime _lifetime;
    private readonly SortedDictionary<long, Row> _rows = [];
    private AdmissionSketch? _sketch;

    public NaiveTable(ModelSpec spec)
    {
        (_spec, _table) = (spec, spec.Tables[0]);
        _kernel = RowKernel.For(spec.OptimizerOf(_table));
        _lifetime = _table.Lifetime ?? new();
        if (_lifetime.AdmitAfter > 1) _sketch = new(AdmissionSketch.BytesFor(_lifetime.SketchBytes / _table.Shards));
    }

    public long Clock { get; private set; }

    public int Count => _rows.Count;

    private bool Ages => _lifetime.TimeToLive > 0 || _lifetime.Capacity > 0;

    public NaiveTable Clone()
    {
        var clone = new NaiveTable(_spec) { Clock = Clock };
        foreach (var (key, row) in _rows) clone._rows.Add(key, row.Clone());
        if (_sketch is not null) clone._sketch = AdmissionSketch.From(_sketch.Counters);
        return clone;
    }

    /// <summary>One push, or the sum of a round.</summary>
    /// <param name="keys">The keys, each once, in the order in which they are counted.</param>
    /// <param name="gradient">Their gradients.</param>
    /// <param name="clock">The pusher's clock, or the round.</param>
    /// <param name="cut">The newest cut that the block has seen.</param>
    /// <param name="isFrozen">Whether this is the copy of an open cut, which never loses rows for want of room.</param>
    public void Push(IReadOnlyList<long> keys, IReadOnlyList<float[]> gradient, long clock, long cut, bool isFrozen = false)
    {
        if (_spec.GroupOf(_table) is { Frozen: true }) return;
        Clock = Math.Max(Clock, clock);
        EndRows();
        for (var i = 0; i < keys.Count; i++)
            if (_rows.ContainsKey(keys[i]) || IsAdmitted(keys[i])) Update(keys[i], gradient[i], clock, cut);
        var share = _lifetime.Capacity / _table.Shards;
        if (isFrozen || share == 0 || _rows.Count <= share) return;
        foreach (var (key, _) in _rows.OrderBy(r => r.Value.Touched).ThenBy(r => r.Key).Take((int)(_rows.Count - (share - (share / 8)))).ToArray())
            _rows.Remove(key);
    }

    public float[] Read(long key) => _rows.TryGetValue(key, out var row) ? row.Values : First(key);

    /// <summary>Everything as an image has it: clock, sketch, and key by key the record's bits.</summary>
    public string Dump() => Text(Clock, _sketch is null ? [] : _sketch.Counters, _rows.Select(r => (r.Key, Record(r.Value))));

    public static string Dump(TableImage image) => Text(image.Clock, image.Sketch ?? [],
        Enumerable.Range(0, image.Count).Select(i => (image.Keys[i], image.RecordOf(i).ToArray())));

    private static string Text(long clock, ReadOnlySpan<byte> sketch, IEnumerable<(long Key, float[] Record)> rows) =>
        $"clock {clock}, sketch {Convert.ToHexString(sketch)}\n"
        + string.Concat(rows.Select(r => $"{r.Key}: {string.Join(' ', r.Record.Select(f => BitConverter.SingleToInt32Bits(f).ToString("x")))}\n"));

    private float[] Record(Row row) =>
    [
        .. row.Values, .. row.State,
        .. _kernel.CountsUpdates ? [BitConverter.Int32BitsToSingle(row.Updates)] : Array.Empty<float>(),
        .. Ages ? [BitConverter.Int32BitsToSingle((int)row.Touched)] : Array.Empty<float>(),
        BitConverter.Int32BitsToSingle((int)row.Changed),
    ];

    private void EndRows()
    {
        if (_lifetime.TimeToLive == 0) return;
        foreach (var key in _rows.Where(r => Clock - r.Value.Touched > _lifetime.TimeToLive).Select(r => r.Key).ToArray()) _rows.Remove(key);
    }

    private bool IsAdmitted(long key) => _sketch is null || _sketch.Touch(KeyHash.Of(key)) >= _lifetime.AdmitAfter;

    private void Update(long key, float[] gradient, long clock, long cut)
    {
        if (!_rows.TryGetValue(key, out var row)) _rows.Add(key, row = new(First(key), new float[_kernel.StateFloats(_table.Width)], _kernel));
        row.Updates++;
        _kernel.Step(row.Values, gradient, row.State, new(_spec.Schedule.FactorAt(clock), row.Updates));
        (row.Touched, row.Changed) = (Clock, cut);
    }

    private float[] First(long key)
    {
        var values = new float[_table.Width];
        Initializing.FillRow(_table.Initializer, Initializing.StreamOf(_spec.Seed, _table.Name), key, values);
        return values;
    }

    private sealed class Row
    {
        public Row(float[] values, float[] state, RowKernel kernel)
        {
            (Values, State) = (values, state);
            kernel.Initialize(state);
        }

        private Row(Row other) =>
            (Values, State, Updates, Touched, Changed) = ([.. other.Values], [.. other.State], other.Updates, other.Touched, other.Changed);

        public float[] Values { get; }

        public float[] State { get; }

        public int Updates { get; set; }

        public long Touched { get; set; }

        public long Changed { get; set; }

        public Row Clone() => new(this);
    }
}
