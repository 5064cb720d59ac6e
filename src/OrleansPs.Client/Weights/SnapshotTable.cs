using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Client;

/// <summary>A table of a snapshot as two tensors: its shards one after the other, each by ascending key.</summary>
/// <param name="Table">The table.</param>
/// <param name="FirstShard">The block of its first shard.</param>
/// <param name="Starts">How many rows there are before each shard, and in all.</param>
internal sealed record SnapshotTable(EmbeddingTable Table, int FirstShard, long[] Starts)
{
    public IEnumerable<WeightTensor> Tensors =>
    [
        new(ParameterMatch.KeysOf(Table.Name), [Starts[^1]], WeightType.Int64),
        new(ParameterMatch.RowsOf(Table.Name), [Starts[^1], Table.Width]),
    ];

    /// <summary>Counts the rows.</summary>
    public static async Task<SnapshotTable> CountAsync(
        EmbeddingTable table, int firstShard, Func<int, CancellationToken, ValueTask<BlockImage>> readAsync, CancellationToken cancellationToken)
    {
        var starts = new long[table.Shards + 1];
        for (var shard = 0; shard < table.Shards; shard++)
            starts[shard + 1] = starts[shard] + (await readAsync(firstShard + shard, cancellationToken).ConfigureAwait(false)).Rows!.Count;
        return new(table, firstShard, starts);
    }

    /// <summary>Copies keys.</summary>
    public async ValueTask ReadKeysAsync(
        long start, Memory<long> destination, Func<int, CancellationToken, ValueTask<BlockImage>> readAsync, CancellationToken cancellationToken)
    {
        foreach (var (shard, from, to) in Pieces(start, start + destination.Length, 1))
        {
            var rows = (await readAsync(FirstShard + shard, cancellationToken).ConfigureAwait(false)).Rows!;
            rows.Keys.AsSpan((int)(from - Starts[shard]), (int)(to - from)).CopyTo(destination.Span[(int)(from - start)..]);
        }
    }

    /// <summary>Copies values; a piece may begin and end within a row.</summary>
    public async ValueTask ReadRowsAsync(
        long start, Memory<float> destination, Func<int, CancellationToken, ValueTask<BlockImage>> readAsync, CancellationToken cancellationToken)
    {
        foreach (var (shard, from, to) in Pieces(start, start + destination.Length, Table.Width))
        {
            var rows = (await readAsync(FirstShard + shard, cancellationToken).ConfigureAwait(false)).Rows!;
            for (var at = from; at < to;)
            {
                var (row, column) = Math.DivRem(at - (Starts[shard] * Table.Width), Table.Width);
                var values = rows.ValuesOf((int)row)[(int)column..];
                if (values.Length > to - at) values = values[..(int)(to - at)];
                values.CopyTo(destination.Span[(int)(at - start)..]);
                at += values.Length;
            }
        }
    }

    /// <summary>The parts of a range of elements in each shard that has some, in elements of the table.</summary>
    private IEnumerable<(int Shard, long From, long To)> Pieces(long start, long end, int width)
    {
        for (var shard = 0; shard < Table.Shards; shard++)
        {
            var (from, to) = (Math.Max(start, Starts[shard] * width), Math.Min(end, Starts[shard + 1] * width));
            if (from < to) yield return (shard, from, to);
        }
    }
}
