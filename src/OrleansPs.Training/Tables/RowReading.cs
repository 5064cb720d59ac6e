namespace OrleansPs.Training;

/// <summary>Reads rows for an evaluation.</summary>
internal static class RowReading
{
    // Far below the bounds on a message.
    private const int FloatsAtOnce = 1 << 18;

    /// <summary>Reads a table's rows in parts.</summary>
    /// <param name="reader">Reads.</param>
    /// <param name="table">The table.</param>
    /// <param name="width">Its width.</param>
    /// <param name="keys">The keys.</param>
    /// <param name="rows">Takes the rows: keys x width floats.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task ReadRowsAsync(
        this IParameterReader reader, string table, int width, ReadOnlyMemory<long> keys, Memory<float> rows, CancellationToken cancellationToken)
    {
        var limit = reader.Spec.Tables.First(t => t.Name == table).MaxRowsPerStep;
        var part = Math.Clamp(FloatsAtOnce / width, 1, limit);
        var set = new RowSet();
        for (var first = 0; first < keys.Length; first += part)
        {
            var count = Math.Min(part, keys.Length - first);
            set.Clear();
            set.Add(table, keys.Slice(first, count), rows.Slice(first * width, count * width));
            await reader.ReadLatestRowsAsync(set, cancellationToken).ConfigureAwait(false);
        }
    }
}
