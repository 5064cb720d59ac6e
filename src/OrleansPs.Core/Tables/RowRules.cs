using System.Buffers;
using OrleansPs.Core.Blocks;
using OrleansPs.Core.Optimizers;
using OrleansPs.Core.Partitioning;

namespace OrleansPs.Core.Tables;

/// <summary>What one shard of a table does with a row, whichever store the row is in. Immutable.</summary>
internal sealed class RowRules
{
    private readonly EmbeddingTable _table;
    private readonly RowKernel _kernel;
    private readonly ulong _stream;

    /// <param name="spec">The model's spec, valid.</param>
    /// <param name="shape">The shard.</param>
    /// <param name="mostRows">How many rows the shard may have; 0 for as many as it can.</param>
    public RowRules(ModelSpec spec, BlockShape shape, int mostRows = 0)
    {
        _table = spec.Tables[shape.Table];
        _kernel = RowKernel.For(spec.OptimizerOf(_table));
        _stream = Initializing.StreamOf(spec.Seed, _table.Name);
        Layout = RowLayout.Of(_table, _kernel);
        IsFrozen = spec.GroupOf(_table)?.Frozen ?? false;
        var lifetime = _table.Lifetime ?? new();
        TimeToLive = lifetime.TimeToLive;
        AdmitAfter = lifetime.AdmitAfter;
        SketchBytes = lifetime.AdmitAfter > 1 ? AdmissionSketch.BytesFor(lifetime.SketchBytes / _table.Shards) : 0;
        MostRows = mostRows > 0 ? mostRows : ShardRoom.MostRows(spec, _table, Layout, SketchBytes);
        Capacity = lifetime.Capacity == 0 ? 0 : (int)Math.Min(lifetime.Capacity / _table.Shards, MostRows);
    }

    public RowLayout Layout { get; }

    public int Width => Layout.Width;

    /// <summary>Whether rows never change.</summary>
    public bool IsFrozen { get; }

    /// <summary>After how many clocks without a push a row ends; 0 for never.</summary>
    public long TimeToLive { get; }

    /// <summary>How many rows this shard keeps, at most <see cref="MostRows"/>: beyond that the least recent go. 0 where none go for want of room.</summary>
    public int Capacity { get; }

    /// <summary>How many rows this shard may have: what an image of it, and its state on the way to another silo, can hold.</summary>
    public int MostRows { get; }

    /// <summary>How many pushes a key needs for its row.</summary>
    public int AdmitAfter { get; }

    /// <summary>The bytes of this shard's sketch; 0 for none.</summary>
    public int SketchBytes { get; }

    /// <summary>Rows that one rank may stage.</summary>
    public int MaxRowsPerStep => _table.MaxRowsPerStep;

    /// <summary>Refuses a shard that is to be made with more rows than it may have.</summary>
    /// <exception cref="TableFullException">There are too many.</exception>
    public void RequireRoom(int shard, long rows)
    {
        if (rows > MostRows) throw new TableFullException(_table.Name, shard, rows, MostRows);
    }

    /// <summary>Writes a key's first values.</summary>
    public void First(long key, Span<float> values) => Initializing.FillRow(_table.Initializer, _stream, key, values);

    /// <summary>Makes a record that of a new row.</summary>
    public void Begin(long key, Span<float> record)
    {
        First(key, Layout.Values(record));
        _kernel.Initialize(Layout.StateOf(record));
        record[Layout.CountAt..].Clear();
    }

    /// <summary>Applies a gradient to a row.</summary>
    public void Step(Span<float> record, ReadOnlySpan<float> gradient, in PushMoment moment, int now)
    {
        var count = 0;
        if (Layout.Counts) record[Layout.CountAt] = BitConverter.Int32BitsToSingle(count = BitConverter.SingleToInt32Bits(record[Layout.CountAt]) + 1);
        _kernel.Step(Layout.Values(record), gradient, Layout.StateOf(record), new(moment.LrFactor, count));
        if (Layout.Ages) record[Layout.TouchedAt] = BitConverter.Int32BitsToSingle(now);
        record[Layout.ChangedAt] = BitConverter.Int32BitsToSingle(RowLayout.Narrow(moment.Cut));
    }

    /// <summary>The clock of a row's last push.</summary>
    public int TouchedAt(ReadOnlySpan<float> record) => Layout.Ages ? BitConverter.SingleToInt32Bits(record[Layout.TouchedAt]) : 0;

    /// <summary>How many rows of a store are there at a clock.</summary>
    public long CountLive(RowStore rows, long clock)
    {
        if (TimeToLive == 0) return rows.Count;
        var all = ArrayPool<int>.Shared.Rent(Math.Max(1, rows.Count));
        rows.CopyRows(all);
        var count = 0L;
        foreach (var row in all.AsSpan(0, rows.Count))
            if (!IsExpired(rows.Record(row), clock)) count++;
        ArrayPool<int>.Shared.Return(all);
        return count;
    }

    /// <summary>Whether a row's time is over at a clock.</summary>
    public bool IsExpired(ReadOnlySpan<float> record, long clock) => TimeToLive > 0 && clock - TouchedAt(record) > TimeToLive;
}
