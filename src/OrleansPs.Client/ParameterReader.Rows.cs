using System.Runtime.CompilerServices;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Client;

/// <summary>Reads of rows.</summary>
public sealed partial class ParameterReader
{
    /// <inheritdoc/>
    /// <exception cref="ServerUnavailableException">As of <see cref="ReadLatestAsync(TensorSet, CancellationToken)"/>.</exception>
    public async ValueTask<long> ReadLatestRowsAsync(RowSet rows, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        var call = new RowCall(Spec, _planner.Layout);
        try
        {
            call.Ask(rows);
            var version = await ReadLatestAsync(call.PullPlan(), cancellationToken).ConfigureAwait(false);
            call.Deliver(rows);
            return version;
        }
        finally
        {
            call.Release();
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<TableRows> ReadTableAsync(
        long? cut, string table, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(table);
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        var index = _planner.Layout.TableIndexOf(table);
        if (index < 0) throw new UnknownTableException(table, Spec.Tables.Select(t => t.Name));
        var content = await _snapshots.LoadAsync(cut, cancellationToken).ConfigureAwait(false);
        try
        {
            RequireBlocks(content);
            for (var shard = 0; shard < Spec.Tables[index].Shards; shard++)
                yield return ToRows(content, content.Blocks[_planner.Layout.FirstShardOf(index) + shard].Rows!);
        }
        finally
        {
            if (content.ArePooled)
                foreach (var image in content.Blocks) image.ReturnArrays();
        }
    }

    private static TableRows ToRows(SnapshotContent content, TableImage image)
    {
        var rows = new float[image.Count * image.Width];
        for (var i = 0; i < image.Count; i++) image.ValuesOf(i).CopyTo(rows.AsSpan(i * image.Width));
        return new(content.Info, image.Keys.AsMemory(0, image.Count).ToArray(), rows);
    }
}
