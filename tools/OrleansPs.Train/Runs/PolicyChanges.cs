namespace OrleansPs.Train;

/// <summary>Changes the consistency policy of a model while it is trained, each time when so many epochs are done.</summary>
internal sealed class PolicyChanges(IParameterServer server, string model, IReadOnlyList<PolicySwitch> switches, RunMonitor monitor)
{
    /// <summary>Does all changes, one after the other, until the last one is in force or the training is over.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        // Of those that an earlier run may have done, the last one holds.
        var done = monitor.Read().EpochsDone;
        var past = switches.Count(s => s.Epoch <= done);
        foreach (var next in switches.Skip(Math.Max(0, past - 1)))
        {
            if (!await monitor.ReachAsync(next.Epoch).WaitAsync(cancellationToken).ConfigureAwait(false)) return;
            await server.ChangePolicyAsync(model, new() { Consistency = next.ToPolicy() }, cancellationToken).ConfigureAwait(false);
        }
    }
}
