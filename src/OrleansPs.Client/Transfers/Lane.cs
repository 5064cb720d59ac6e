using System.Runtime.CompilerServices;
using OrleansPs.Core.Messages;

namespace OrleansPs.Client;

/// <summary>
/// Brings one block request after another to its end: sends it, waits at most
/// <see cref="WorkerOptions.RequestTimeout"/>, gives a block the certificates it lacks, and tries again under the same
/// identity. An attempt that takes too long is cancelled and awaited before the next one starts, so that no late answer
/// ever writes into memory that its caller has back; transports end promptly when their token asks for it.
/// </summary>
internal sealed class Lane(SessionContext context, BlockOperation operation) : IDisposable
{
    private readonly Deadline _deadline = new(context.Environment.Time);
    private Exception? _lastError;

    /// <summary>Takes blocks until none is left. Never fails: the operation hears of a failure.</summary>
    [AsyncMethodBuilder(typeof(PooledMethodBuilder))]
    public async ValueTask RunAsync()
    {
        try
        {
            while (operation.TryTake(out var index))
                if (!operation.TryCopy(index)) await RunAsync(index).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever it is, the operation throws it on when all lanes have ended.
        catch (Exception e)
#pragma warning restore CA1031
        {
            operation.Fail(e);
        }
    }

    public void Cancel() => _deadline.Cancel();

    public void Reset() => _deadline.Disarm();

    public void Dispose() => _deadline.Dispose();

    [AsyncMethodBuilder(typeof(PooledMethodBuilder))]
    private async ValueTask RunAsync(int index)
    {
        var transfer = operation.TransferOf(index);
        if (transfer.Pushes) await WaitForTurnAsync(transfer.Block, operation.SequenceOf(index)).ConfigureAwait(false);
        var backoff = new Backoff(context.Environment, context.Options);
        var view = operation.View;
        var given = -1L;
        _lastError = null;
        while (true)
        {
            var reply = await TryAsync(index, view).ConfigureAwait(false);
            if (reply is { Status: BlockStatus.Ok or BlockStatus.Duplicate }) break;
            // A block that got on with the certificates given last time is asked again at once.
            if (reply is { Status: BlockStatus.NeedCertificates } lack && lack.From > given
                && await CertifyAsync(transfer.Block, view, lack.From).ConfigureAwait(false))
            {
                given = lack.From;
            }
            else
            {
                if (reply is { } refused && !IsPassing(refused.Status))
                    throw context.State.Refusal(view, transfer.Block, refused, operation.IsBackground);
                if (reply is { } passing) _lastError ??= new ServerUnavailableException($"it answered {passing.Status}");
                given = -1;
                await PauseAsync(backoff.Next($"A request to block {transfer.Block}", _lastError)).ConfigureAwait(false);
            }
            view = context.State.Fresh(view);
            context.Metrics.Retried();
        }
        operation.Complete(index);
    }

    // An operation may be given up just when a reply comes, and the next request has another token: so each one asks.
    private CancellationToken Token()
    {
        var token = _deadline.Token;
        return operation.IsStopped ? throw new OperationCanceledException(token) : token;
    }

    private async ValueTask WaitForTurnAsync(int block, int sequence)
    {
        var turn = context.State.TurnOf(operation.View, block, sequence);
        if (!turn.IsCompleted) await Pause.UntilAsync(turn, Token()).ConfigureAwait(false);
    }

    // One attempt; null if it failed in a way that may pass.
    [AsyncMethodBuilder(typeof(PooledMethodBuilder<>))]
    private async ValueTask<BlockReply?> TryAsync(int index, SessionView view)
    {
        try
        {
            var pending = operation.SendAsync(index, view, Token());
            if (pending.IsCompletedSuccessfully) return pending.Result;
            return await LimitAsync(pending).ConfigureAwait(false);
        }
        catch (Exception e) when (IsPassing(e))
        {
            _lastError = Explain(e);
            return null;
        }
    }

    [AsyncMethodBuilder(typeof(PooledMethodBuilder<>))]
    private async ValueTask<T> LimitAsync<T>(ValueTask<T> pending)
    {
        _deadline.Arm(context.Options.RequestTimeout);
        try
        {
            return await pending.ConfigureAwait(false);
        }
        finally
        {
            _deadline.Disarm();
        }
    }

    // Gives a block what it lacks; false if that could not be had or delivered just now.
    private async ValueTask<bool> CertifyAsync(int block, SessionView view, long from)
    {
        try
        {
            var certificates = context.State.CertificatesFrom(from);
            if (certificates.Count == 0)
            {
                certificates = await LimitAsync(context.Transport.CertificatesAsync(from, Token())).ConfigureAwait(false);
                context.State.Learn(view, certificates);
            }
            if (certificates.Count == 0) return false;
            var header = view.Header(context.State.Rank, 0);
            await LimitAsync(context.Transport.CertifyAsync(block, header, certificates, Token())).ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (IsPassing(e))
        {
            _lastError = Explain(e);
            return false;
        }
    }

    private async ValueTask PauseAsync(TimeSpan pause)
    {
        await Pause.ForAsync(pause, context.Environment.Time, Token()).ConfigureAwait(false);
        _lastError = null;
    }

    // A cancellation that the operation did not ask for is a timeout, or a transport that lost the request.
    private bool IsPassing(Exception e) => !operation.IsStopped
        && e is OperationCanceledException or ParameterServerException { IsTransient: true };

    private Exception Explain(Exception e) => e is OperationCanceledException
        ? new TimeoutException($"There was no answer within {context.Options.RequestTimeout}.", e)
        : e;

    private static bool IsPassing(BlockStatus status) =>
        status is BlockStatus.NeedCertificates or BlockStatus.OtherEpoch or BlockStatus.OutOfOrder
            or BlockStatus.Incomplete;
}
