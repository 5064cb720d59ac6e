using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;

namespace OrleansPs.Client;

/// <summary>
/// One try to read blocks at one version and generation, a window of them at a time. It ends when its last request has
/// ended: until then the transport may touch the caller's memory.
/// </summary>
internal sealed class ReadPass(ReaderCalls calls, TransferPlan plan, ReaderView view, bool oneVersion) : IDisposable
{
    private const long None = long.MinValue;

    private readonly CancellationTokenSource _stop = new();
    private int _next = -1;
    private long _version = None;
    private Exception? _failure;

    /// <summary>Reads.</summary>
    /// <returns>The version of all values; null if they are not all of one, or a newer one is out.</returns>
    public async Task<long?> RunAsync(CancellationToken cancellationToken)
    {
        using (cancellationToken.UnsafeRegister(static stop => ((CancellationTokenSource)stop!).Cancel(), _stop))
        {
            var lanes = new Task[Math.Min(calls.MaxInFlight, plan.Transfers.Length)];
            for (var i = 0; i < lanes.Length; i++) lanes[i] = RunLaneAsync();
            await Task.WhenAll(lanes).ConfigureAwait(false);
        }
        cancellationToken.ThrowIfCancellationRequested();
        if (_failure is not null) ExceptionDispatchInfo.Throw(_failure);
        if (_stop.IsCancellationRequested) return null;
        return _version == None ? view.Known : _version;
    }

    public void Dispose() => _stop.Dispose();

    private async Task RunLaneAsync()
    {
        try
        {
            while (!_stop.IsCancellationRequested && TryTake(out var transfer))
            {
                var version = await calls.ReadAsync(transfer, view, _stop.Token).ConfigureAwait(false);
                if (version is null || !Fits(version.Value)) Stop();
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
        }
#pragma warning disable CA1031 // Whatever it is, the pass throws it on when all lanes have ended.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Interlocked.CompareExchange(ref _failure, e, null);
            Stop();
        }
    }

    // Not asynchronously: that would go on on another thread.
    private void Stop() => _stop.Cancel();

    private bool TryTake([NotNullWhen(true)] out BlockTransfer? transfer)
    {
        var next = Interlocked.Increment(ref _next);
        transfer = next < plan.Transfers.Length ? plan.Transfers[next] : null;
        return transfer is not null;
    }

    private bool Fits(long version)
    {
        if (!oneVersion) return true;
        var first = Interlocked.CompareExchange(ref _version, version, None);
        return first == None || first == version;
    }
}
