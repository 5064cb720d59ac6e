namespace OrleansPs.Torture;

/// <summary>One rank's training: the ledger's steps, one after the other, until it is told to stop, and each answer put down.</summary>
internal sealed class RankLoop(IParameterWorker worker, LedgerWriter ledger, TimeSpan rest)
{
    private readonly TensorSet[] _gradients = [.. worker.Spec.Parameters.Select(p =>
        new TensorSet { { p.Name, LedgerModel.Gradient(p.Length, worker.Spec.Workers, worker.Rank) } })];

    private readonly TensorSet[] _values = [.. worker.Spec.Parameters.Select(p => new TensorSet { { p.Name, new float[p.Length] } })];

    private int Workers => worker.Spec.Workers;

    /// <summary>Trains until told to stop, and then leaves between two steps.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        Joined(worker.Position);
        while (!stop.IsCancellationRequested)
        {
            await TryAsync(StepAsync).ConfigureAwait(false);
            await Task.Delay(rest, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        while (!await TryAsync(() => worker.OutOfDataAsync()).ConfigureAwait(false))
        {
        }
        ledger.Write(LedgerEventKind.Ended, worker.Position.Step, worker.Position.Cursor);
    }

    private async Task StepAsync()
    {
        var step = worker.Position.Step;
        await LookAsync(step).ConfigureAwait(false);
        await Task.WhenAll(_gradients.Select((_, block) => PushAsync(step, block))).ConfigureAwait(false);
        await worker.ClockAsync(step + 1).ConfigureAwait(false);
        ledger.Write(LedgerEventKind.Clocked, worker.Position.Step, worker.Position.Cursor);
    }

    // A block of its own for each push, so each has its own acknowledgement.
    private async Task PushAsync(long step, int block)
    {
        LedgerModel.Mark(_gradients[block][0].Value.Span, Workers, worker.Rank, step);
        await worker.PushAsync(_gradients[block]).ConfigureAwait(false);
        ledger.Write(LedgerEventKind.Pushed, step, block);
    }

    // A worker sees its own pushes at once: those of all finished steps, and of the open one if it was begun before.
    private async Task LookAsync(long step)
    {
        var values = _values[step % _values.Length];
        await worker.PullAsync(values).ConfigureAwait(false);
        var seen = (long)values[0].Value.Span[LedgerModel.Slot(values[0].Value.Length, Workers, worker.Rank).Counts][0];
        if (seen != step && seen != step + 1) ledger.Write(LedgerEventKind.Stale, step, seen);
    }

    /// <returns>Whether it was done; if not, the rank was taken up again.</returns>
    private async Task<bool> TryAsync(Func<Task> work)
    {
        try
        {
            await work().ConfigureAwait(false);
            return true;
        }
        catch (ParameterServerException e) when (e is StepRestartException || e.IsTransient)
        {
            await Console.Error.WriteLineAsync($"{SharedClock.Now} step {worker.Position.Step}: {e.Message}").ConfigureAwait(false);
        }
        await ResumeAsync().ConfigureAwait(false);
        return false;
    }

    private async Task ResumeAsync()
    {
        while (true)
        {
            try
            {
                Joined(await worker.ResumeAsync().ConfigureAwait(false));
                return;
            }
            catch (ParameterServerException e) when (e is StepRestartException || e.IsTransient)
            {
                await Console.Error.WriteLineAsync($"{SharedClock.Now} resuming: {e.Message}").ConfigureAwait(false);
            }
        }
    }

    private void Joined(WorkerPosition position) => ledger.Write(LedgerEventKind.Joined, position.Step, position.RestoredCut);
}
