namespace OrleansPs.Conformance;

/// <summary>Rows in the caller's memory, and where they come from.</summary>
public static class Rows
{
    /// <summary>Memory for rows of one table.</summary>
    public static float[] For(EmbeddingTable table, long[] keys) => new float[keys.Length * table.Width];

    /// <summary>A set of one batch.</summary>
    public static RowSet Set(EmbeddingTable table, long[] keys, float[] rows)
    {
        var set = new RowSet();
        set.Add(table.Name, keys, rows);
        return set;
    }

    public static async Task<float[]> PullAsync(IParameterWorker worker, EmbeddingTable table, long[] keys, CancellationToken cancellationToken)
    {
        var rows = For(table, keys);
        await worker.PullRowsAsync(Set(table, keys, rows), cancellationToken);
        return rows;
    }

    public static async Task<float[]> ReadAsync(
        IParameterServer server, string model, EmbeddingTable table, long[] keys, CancellationToken cancellationToken)
    {
        await using var reader = await server.OpenReaderAsync(model, cancellationToken);
        var rows = For(table, keys);
        await reader.ReadLatestRowsAsync(Set(table, keys, rows), cancellationToken);
        return rows;
    }

    /// <summary>Memory for rows of one table, filled with a number.</summary>
    public static float[] Filled(EmbeddingTable table, long[] keys, float value)
    {
        var rows = For(table, keys);
        Array.Fill(rows, value);
        return rows;
    }

    /// <summary>Pushes the same number for every element of some rows.</summary>
    public static ValueTask PushAsync(IParameterWorker worker, EmbeddingTable table, long[] keys, float value, CancellationToken cancellationToken) =>
        worker.PushRowsAsync(Set(table, keys, Filled(table, keys, value)), cancellationToken);

    /// <summary>All rows of a table in a snapshot.</summary>
    public static async Task<SortedDictionary<long, float[]>> OfCutAsync(
        IParameterServer server, string model, EmbeddingTable table, long? cut, CancellationToken cancellationToken)
    {
        await using var reader = await server.OpenReaderAsync(model, cancellationToken);
        var all = new SortedDictionary<long, float[]>();
        await foreach (var part in reader.ReadTableAsync(cut, table.Name, cancellationToken))
            for (var i = 0; i < part.Keys.Length; i++) all.Add(part.Keys.Span[i], part.Rows.Slice(i * table.Width, table.Width).ToArray());
        return all;
    }
}
