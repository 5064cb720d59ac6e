using OrleansPs.Core.Consistency;
using OrleansPs.Core.Replication;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Hosting;

/// <summary>What the coordinator asks of blocks and storage.</summary>
internal sealed partial class ModelHost
{
    private static readonly TimeSpan s_tellAgain = TimeSpan.FromMilliseconds(750);

    // Without a storage no cut is ever opened, so there is a writer where one is needed.
    private void CarryOut(ModelRuntime runtime, CutWriter? writer, CoordinatorEffect effect)
    {
        switch (effect)
        {
            case CertifyBlocks e:
                _ = CertifyAsync(runtime, e);
                break;
            case FreezeBlocks e:
                _ = FreezeAsync(runtime, e);
                break;
            case ChangeBlocks e:
                _ = ChangePolicyAsync(runtime, e);
                break;
            case PolicyInForce e:
                LogPolicy(_logger, Spec.Name, e.Policy);
                PolicyTaken(runtime);
                break;
            case WriteChunks e:
                _background.Start(() => writer!.WriteChunksAsync(e.Cut, _stop.Token));
                break;
            case WriteManifest e:
                _background.Start(() => writer!.WriteManifestAsync(e, _stop.Token));
                break;
            case EndCut e:
                _ = DropCutAsync(runtime, e.Cut);
                _background.Start(() => EndAsync(writer!, e));
                break;
            default:
                CarryOut(runtime, runtime.Blocks.Replicas!, effect);
                break;
        }
    }

    private static void CarryOut(ModelRuntime runtime, IReplicaSet replicas, CoordinatorEffect effect)
    {
        switch (effect)
        {
            case PublishMap e: replicas.Publish(e.Map, e.Version); break;
            case PrepareReplica e: _ = PrepareAsync(runtime, replicas, e); break;
            case TellReplica e: _ = TellAsync(runtime, replicas, e); break;
            case CloseReplica e: replicas.Close(e.Site); break;
            case BlocksLost e: replicas.Lost(e.Blocks); break;
        }
    }

    private static async Task PrepareAsync(ModelRuntime runtime, IReplicaSet replicas, PrepareReplica effect)
    {
        var site = await replicas.PrepareAsync(effect.Block, effect.Silo).ConfigureAwait(false);
        runtime.Coordinator.Do((c, now) => c.ReplicaPrepared(effect.Block, effect.Attempt, site, now));
    }

    // Where no answer comes the coordinator asks again. While one is waited for that is not done each time: thousands of blocks that are slow must not become slower by it.
    private static async Task TellAsync(ModelRuntime runtime, IReplicaSet replicas, TellReplica effect)
    {
        var stamp = effect.Command.Stamp;
        if (runtime.Told.TryGetValue(stamp, out var since) && Environment.TickCount64 - since < s_tellAgain.TotalMilliseconds) return;
        runtime.Told[stamp] = Environment.TickCount64;
        ReplicaAnswer? answer;
        try
        {
            answer = await replicas.TellAsync(effect.Site, effect.Command).ConfigureAwait(false);
        }
        finally
        {
            runtime.Told.TryRemove(stamp, out _);
        }
        if (answer is { } given) runtime.Coordinator.Do((c, now) => c.ReplicaAnswered(effect.Block, stamp, given, now));
    }

    private async Task CertifyAsync(ModelRuntime runtime, CertifyBlocks effect)
    {
        try
        {
            var below = await runtime.Blocks.CertifyAsync(runtime.Header(), effect.Certificates).ConfigureAwait(false);
            runtime.Coordinator.Do((c, now) => c.BlocksCertified(below, now));
        }
#pragma warning disable CA1031 // The coordinator asks again: blocks that lack certificates hold up nobody before many rounds are out.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogBlocksFailed(_logger, Spec.Name, e.Message);
        }
    }

    private static async Task FreezeAsync(ModelRuntime runtime, FreezeBlocks effect)
    {
        string? problem;
        try
        {
            problem = await runtime.Blocks.FreezeAsync(runtime.Header(effect.Round), effect).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // No round closes until this is answered, whatever went wrong.
        catch (Exception e)
#pragma warning restore CA1031
        {
            problem = e.Message;
        }
        runtime.Coordinator.Do((c, now) =>
        {
            if (problem is null) c.BlocksFrozen(effect.Cut, now);
            else c.CutFailed(effect.Cut, problem, now);
        });
    }

    private async Task DropCutAsync(ModelRuntime runtime, long cut)
    {
        try
        {
            await runtime.Blocks.DropCutAsync(runtime.Header(), cut).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // A frozen copy that stays is released by the next cut.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogBlocksFailed(_logger, Spec.Name, e.Message);
        }
    }

    private async Task EndAsync(CutWriter writer, EndCut effect)
    {
        var manifest = writer.TakeManifest(effect.Cut);
        if (effect.Completed) Complete(manifest!);
        else
        {
            _environment.Metrics.Failed(Spec.Name);
            _waiters.Fail(effect.Cut, effect.Reason!);
        }
        await writer.CleanUpAsync(_stop.Token).ConfigureAwait(false);
    }

    private void Complete(SnapshotManifest manifest)
    {
        _last = manifest;
        _environment.Metrics.Completed(manifest.ToInfo());
        _waiters.Complete(manifest.Cut, manifest.ToInfo());
    }

    [Microsoft.Extensions.Logging.LoggerMessage(
        5, Microsoft.Extensions.Logging.LogLevel.Warning, "Blocks of model {Model} did not all answer: {Reason}")]
    private static partial void LogBlocksFailed(Microsoft.Extensions.Logging.ILogger logger, string model, string reason);
}
