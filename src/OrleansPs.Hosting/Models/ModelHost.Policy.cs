using OrleansPs.Core.Consistency;

namespace OrleansPs.Hosting;

/// <summary>How a model's policy changes.</summary>
internal sealed partial class ModelHost
{
    private readonly SemaphoreSlim _policyTurn = new(1);
    private TaskCompletionSource? _policyTaken;

    /// <summary>
    /// Changes the policy, one change after the other. Where the model is put back meanwhile, the change is made to what it was put back to.
    /// </summary>
    public async Task<TrainingPolicy> ChangePolicyAsync(PolicyChange change, CancellationToken cancellationToken)
    {
        await _policyTurn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            while (true)
            {
                var (runtime, taken) = (Runtime, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
                Volatile.Write(ref _policyTaken, taken);
                if (Request(runtime, change) is { } policy) return policy;
                await taken.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _policyTurn.Release();
        }
    }

    /// <summary>Asks for what a change makes of the present policy.</summary>
    /// <returns>The policy if it is in force; null if that has to be waited for.</returns>
    private TrainingPolicy? Request(ModelRuntime runtime, PolicyChange change)
    {
        TrainingPolicy? inForce = null;
        runtime.Coordinator.Do((c, now) =>
        {
            var target = c.State.Policy.With(Spec, change);
            if (c.State.SwitchFrom is not null) return;
            if (target == c.State.Policy) inForce = target;
            c.RequestPolicy(target, now);
        });
        return inForce;
    }

    /// <summary>Whoever waits looks again: a policy is in force, or another coordinator.</summary>
    private void PolicyTaken(ModelRuntime? runtime)
    {
        if (runtime is null || Volatile.Read(ref _runtime) == runtime) Volatile.Read(ref _policyTaken)?.TrySetResult();
    }

    private static async Task ChangePolicyAsync(ModelRuntime runtime, ChangeBlocks effect)
    {
        string? problem;
        try
        {
            var header = runtime.Header(effect.From) with { Clock = effect.Clock };
            problem = await runtime.Blocks.ChangePolicyAsync(header, effect).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Nobody goes on before this is done: it is tried again, whatever went wrong.
        catch (Exception e)
#pragma warning restore CA1031
        {
            problem = e.Message;
        }
        runtime.Coordinator.Do((c, now) =>
        {
            if (problem is null) c.BlocksChanged(effect.Policy.Number, now);
            else c.ChangeFailed(effect.Policy.Number, now);
        });
    }

    [Microsoft.Extensions.Logging.LoggerMessage(
        6, Microsoft.Extensions.Logging.LogLevel.Information, "Model {Model} is trained by {Policy} from now on")]
    private static partial void LogPolicy(Microsoft.Extensions.Logging.ILogger logger, string model, TrainingPolicy policy);
}
