using OrleansPs.Core.Optimizers;
using OrleansPs.Core.Partitioning;

namespace OrleansPs.Client;

/// <summary>One push or pull of rows: what the caller gave, checked, and the plan of what is exchanged with which block.</summary>
/// <remarks>Used again and again by one call at a time; see <see cref="RowCalls"/>.</remarks>
internal sealed class RowCall
{
    private readonly ModelSpec _spec;
    private readonly BlockLayout _layout;
    private readonly TableCall[] _tables;
    private readonly List<BlockTransfer> _transfers = [];
    private readonly List<RowsOfTable> _pushed = [];

    public RowCall(ModelSpec spec, BlockLayout layout)
    {
        (_spec, _layout) = (spec, layout);
        _tables = [.. spec.Tables.Select((t, i) => new TableCall(t, i, layout.FirstShardOf(i)))];
    }

    /// <summary>Adds up a push's gradients. Tables of a frozen group are left out.</summary>
    /// <returns>False if the call is to be skipped, for it has a number that is not finite.</returns>
    /// <exception cref="ParameterServerException">The set breaks a rule.</exception>
    public bool TryAddUp(RowSet gradients)
    {
        Check(gradients);
        if (_spec.NonFinite != NonFinitePolicy.Accept && !IsFinite(gradients)) return false;
        Clear();
        for (var i = 0; i < gradients.Count; i++)
            if (TableOf(gradients[i]) is var table && !IsFrozen(table)) table.Add(gradients[i].Keys.Span);
        foreach (var table in _tables) table.Arrange(int.MaxValue);
        for (var i = 0; i < gradients.Count; i++)
            if (TableOf(gradients[i]) is var table && !IsFrozen(table)) table.AddRows(gradients[i].Rows.Span);
        Clip();
        return true;
    }

    /// <summary>What a push sends, after <see cref="TryAddUp"/>.</summary>
    public TransferPlan PushPlan()
    {
        foreach (var table in _tables)
        {
            if (table.Count == 0) continue;
            table.AddTransfers(_transfers, push: true);
            _pushed.Add(new(table.Index, table.Name, table.Count, table.Limit));
        }
        return new([.. _transfers]) { RowsPushed = _pushed, BytesPushed = BytesOfRows() };
    }

    /// <summary>What a pull reads.</summary>
    /// <exception cref="ParameterServerException">The set breaks a rule.</exception>
    public TransferPlan PullPlan(RowSet rows)
    {
        Check(rows);
        Clear();
        for (var i = 0; i < rows.Count; i++) TableOf(rows[i]).Add(rows[i].Keys.Span);
        foreach (var table in _tables)
        {
            table.Arrange(table.Limit);
            if (table.Count > 0) table.AddTransfers(_transfers, push: false);
        }
        return new([.. _transfers]) { BytesPulled = BytesOfRows() };
    }

    /// <summary>Gives the caller what a pull has read.</summary>
    public void Deliver(RowSet rows)
    {
        for (var i = 0; i < rows.Count; i++) TableOf(rows[i]).CopyRows(rows[i].Rows.Span);
    }

    public void Release()
    {
        foreach (var table in _tables) table.Release();
    }

    private void Clear()
    {
        _transfers.Clear();
        _pushed.Clear();
        foreach (var table in _tables) table.Clear();
    }

    private void Check(RowSet rows)
    {
        for (var i = 0; i < rows.Count; i++)
        {
            var (name, keys, values) = rows[i];
            var width = TableOf(rows[i]).Width;
            if (values.Length != (long)keys.Length * width) throw new RowShapeException(name, keys.Length, width, values.Length);
        }
    }

    private TableCall TableOf(in RowBatch batch)
    {
        var table = _layout.TableIndexOf(batch.Table);
        return table >= 0 ? _tables[table] : throw new UnknownTableException(batch.Table, _spec.Tables.Select(t => t.Name));
    }

    private bool IsFrozen(TableCall table) => _spec.GroupOf(_spec.Tables[table.Index]) is { Frozen: true };

    private long BytesOfRows()
    {
        var bytes = 0L;
        foreach (var table in _tables) bytes += (long)table.Count * table.Width * sizeof(float);
        return bytes;
    }

    private bool IsFinite(RowSet gradients)
    {
        for (var i = 0; i < gradients.Count; i++)
        {
            var gradient = gradients[i].Rows.Span;
            var index = GradientMath.IndexOfNonFinite(gradient);
            if (index < 0) continue;
            return _spec.NonFinite == NonFinitePolicy.Skip
                ? false
                : throw new NonFiniteGradientException(gradients[i].Table, index, gradient[index]);
        }
        return true;
    }

    private void Clip()
    {
        var limit = _spec.Clipping.Limit;
        if (_spec.Clipping.Mode == ClippingMode.Value)
            foreach (var table in _tables) GradientMath.Clamp(table.Sums, (float)limit);
        if (_spec.Clipping.Mode != ClippingMode.GlobalNorm) return;
        var squares = 0.0;
        foreach (var table in _tables) squares += GradientMath.SumOfSquares(table.Sums);
        var factor = GradientGate.FactorOf(_spec.Clipping, squares);
        if (factor >= 1) return;
        foreach (var table in _tables) GradientMath.Scale(table.Sums, (float)factor);
    }
}

/// <summary>How many rows of a table a call pushes.</summary>
/// <param name="Table">The table's index.</param>
/// <param name="Name">Its name.</param>
/// <param name="Rows">How many rows.</param>
/// <param name="Limit">How many a step may push.</param>
internal readonly record struct RowsOfTable(int Table, string Name, int Rows, int Limit);
