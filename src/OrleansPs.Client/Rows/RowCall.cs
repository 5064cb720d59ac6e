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
    /// <param name="pull">What is pulled in the same round trips, arranged by <see cref="Ask"/>; or null.</param>
    public TransferPlan PushPlan(RowCall? pull = null)
    {
        for (var i = 0; i < _tables.Length; i++)
        {
            var table = _tables[i];
            TableCall.AddTransfers(_transfers, table, pull?._tables[i]);
            if (table.Count > 0) _pushed.Add(new(table.Index, table.Name, table.Count, table.Limit));
        }
        return new([.. _transfers]) { RowsPushed = _pushed, BytesPushed = BytesOfRows(), BytesPulled = pull?.BytesOfRows() ?? 0 };
    }

    /// <summary>Arranges what a pull asks for.</summary>
    /// <param name="rows">Keys and destinations.</param>
    /// <param name="push">A call whose gradients have the same keys, so that they need not be arranged again; or null.</param>
    /// <exception cref="ParameterServerException">The set breaks a rule.</exception>
    public void Ask(RowSet rows, RowCall? push = null)
    {
        Check(rows);
        Clear();
        for (var i = 0; i < rows.Count; i++)
            if (TableOf(rows[i]) is var table && (push is null || IsFrozen(table))) table.Add(rows[i].Keys.Span);
        for (var i = 0; i < _tables.Length; i++)
        {
            var table = _tables[i];
            if (push is null || IsFrozen(table)) table.Arrange(table.Limit);
            else table.ArrangeLike(push._tables[i], table.Limit);
        }
    }

    /// <summary>What a pull reads, after <see cref="Ask"/>.</summary>
    public TransferPlan PullPlan()
    {
        foreach (var table in _tables) TableCall.AddTransfers(_transfers, null, table);
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
