namespace OrleansPs;

/// <summary>
/// Keys of embedding tables with the caller's memory for their rows: where pulls of rows write to, and pushes read from.
/// </summary>
/// <remarks>Used again and again: <see cref="Clear"/> keeps its memory. Not thread safe; a call that uses it must have ended before it is changed.</remarks>
public sealed class RowSet
{
    private readonly List<RowBatch> _batches = [];

    /// <summary>How many batches the set has.</summary>
    public int Count => _batches.Count;

    /// <summary>A batch, in the order of adding.</summary>
    public RowBatch this[int index] => _batches[index];

    /// <summary>Adds rows of a table.</summary>
    /// <param name="table">The table's name; a table may be added several times.</param>
    /// <param name="keys">The keys, in any order. One that comes twice is read twice; when pushed its gradients are added up.</param>
    /// <param name="rows">The rows, key after key: <c>keys.Length</c> x the table's width floats.</param>
    public void Add(string table, ReadOnlyMemory<long> keys, Memory<float> rows)
    {
        ArgumentException.ThrowIfNullOrEmpty(table);
        _batches.Add(new(table, keys, rows));
    }

    /// <summary>Takes all batches out.</summary>
    public void Clear() => _batches.Clear();
}

/// <summary>Rows of one table.</summary>
/// <param name="Table">The table's name.</param>
/// <param name="Keys">Their keys.</param>
/// <param name="Rows">Their floats, key after key.</param>
public readonly record struct RowBatch(string Table, ReadOnlyMemory<long> Keys, Memory<float> Rows);
