using System.Collections.Concurrent;
using OrleansPs.Protocol;

namespace OrleansPs.Torture;

/// <summary>A silo that was killed.</summary>
/// <param name="At">When.</param>
/// <param name="Blocks">The blocks that it had, by model.</param>
internal sealed record SiloKill(TimeSpan At, IReadOnlyList<(string Model, int Block)> Blocks);

/// <summary>
/// Does the faults of a schedule to a cluster. It waits with one that takes a silo away only while a block lacks a standby that could take over,
/// or while it would meet the wrong silo of some that are cut apart.
/// </summary>
internal sealed class FaultInjector(Cluster cluster, IReadOnlyList<ModelTrial> models, bool replicated, TextWriter log)
{
    private readonly ConcurrentBag<Task> _cuts = [];
    private readonly SilosApart _apart = new();
    private readonly TimeSpan _begun = SharedClock.Now;

    public Withholding Withheld { get; } = new();

    public ConcurrentDictionary<FaultKind, int> Counts { get; } = new();

    public List<SiloKill> Kills { get; } = [];

    /// <summary>The faults of a run, until it is over.</summary>
    public async Task RunAsync(IEnumerable<Fault> schedule, CancellationToken over)
    {
        try
        {
            foreach (var fault in schedule)
            {
                await Task.Delay(fault.Gap, over).ConfigureAwait(false);
                await DoAsync(fault, over).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            Withheld.End(SharedClock.Now - _begun);
        }
    }

    /// <summary>Waits until all cuts are healed.</summary>
    public Task AwaitHealedAsync() => Task.WhenAll(_cuts);

    private async Task DoAsync(Fault fault, CancellationToken over)
    {
        while (!await TryAsync(fault, over).ConfigureAwait(false))
        {
            Withheld.Begin(SharedClock.Now - _begun);
            await Task.Delay(100, over).ConfigureAwait(false);
        }
        Withheld.End(SharedClock.Now - _begun);
        Counts.AddOrUpdate(fault.Kind, 1, (_, count) => count + 1);
    }

    private async Task<bool> TryAsync(Fault fault, CancellationToken over)
    {
        if (fault.Kind == FaultKind.KillWorker)
        {
            if (Ready(cluster.WorkerChildren) is not { Length: > 0 } workers) return false;
            var worker = Pick(workers, fault.Target);
            Note(fault, $"worker {worker}");
            cluster.WorkerChildren[worker].Kill(fault.Length);
            return true;
        }
        var blocks = fault.TakesSiloAway ? await AskAsync(over).ConfigureAwait(false) : [];
        var ready = Ready(cluster.SiloChildren);
        var silos = replicated ? _apart.Choose(ready, fault, SharedClock.Now) : ready;
        // Where nothing but snapshots is kept, the last silo is left alone.
        var least = fault.CutsSilos || (fault.TakesSiloAway && !replicated) ? 2 : 1;
        if (blocks is null || silos.Length < least) return false;
        await DoAsync(fault, silos, blocks).ConfigureAwait(false);
        return true;
    }

    private Task DoAsync(Fault fault, int[] silos, IReadOnlyList<(string Model, BlockInfo Info)> blocks)
    {
        var silo = Pick(silos, fault.Target);
        var child = cluster.SiloChildren[silo];
        switch (fault.Kind)
        {
            case FaultKind.KillSilo:
                var held = blocks.Where(b => cluster.Places[silo].Holds(b.Info.Silo)).Select(b => (b.Model, b.Info.Block)).ToArray();
                Note(fault, $"silo {silo} with blocks {string.Join(' ', held)}");
                Kills.Add(new(SharedClock.Now, held));
                child.Kill(fault.Length);
                return Task.CompletedTask;
            case FaultKind.EndSilo:
                Note(fault, $"silo {silo}");
                return child.EndAsync(fault.Length);
            case FaultKind.PauseSilo or FaultKind.PauseSiloLong:
                Note(fault, $"silo {silo}");
                return child.PauseAsync(fault.Length);
            default:
                var other = fault.CutsSilos ? Pick([.. silos.Where(s => s != silo)], fault.Other) : fault.Other % cluster.WorkerChildren.Count;
                if (fault.CutsSilos) _apart.Begin(silo, other, SharedClock.Now, fault.Length);
                _cuts.Add(CutAsync(fault, silo, other));
                return Task.CompletedTask;
        }
    }

    private Task CutAsync(Fault fault, int silo, int other)
    {
        switch (fault.Kind)
        {
            case FaultKind.CutSilos:
                Note(fault, $"silos {silo} and {other}");
                return cluster.CutAsync(silo, other, fault.Length);
            case FaultKind.CutSilosOneWay:
                Note(fault, $"silo {silo} to silo {other}");
                return cluster.CutOneWayAsync(silo, other, fault.Length);
            case FaultKind.CutFromWorker:
                Note(fault, $"worker {other} to silo {silo}");
                return cluster.CutOneWayAsync(cluster.PlaceOfWorker(other), silo, fault.Length);
            case FaultKind.CutToWorker:
                Note(fault, $"silo {silo} to worker {other}");
                return cluster.CutOneWayAsync(silo, cluster.PlaceOfWorker(other), fault.Length);
            default:
                Note(fault, $"worker {other} and silo {silo}");
                return cluster.CutAsync(cluster.PlaceOfWorker(other), silo, fault.Length);
        }
    }

    /// <returns>Where blocks are, as far as it can be learnt; null if a silo must not be taken away now.</returns>
    private async Task<IReadOnlyList<(string Model, BlockInfo Info)>?> AskAsync(CancellationToken over)
    {
        var found = new List<(string, BlockInfo)>();
        foreach (var model in models)
        {
            var blocks = await model.BlocksAsync(over).ConfigureAwait(false);
            if (replicated && (blocks is null || !Standbys.AreInSync(blocks))) return null;
            found.AddRange((blocks ?? []).Select(b => (model.Spec.Name, b)));
        }
        return found;
    }

    private void Note(Fault fault, string whom) => log.WriteLine(FormattableString.Invariant(
        $"{SharedClock.Now.TotalSeconds:0.000} ({(SharedClock.Now - _begun).TotalSeconds:0.000}) {fault.Kind} {whom}, {fault.Length.TotalSeconds:0.00} s"));

    private static int[] Ready(IReadOnlyList<Child> children) =>
        [.. Enumerable.Range(0, children.Count).Where(i => children[i].State == ChildState.Ready)];

    private static int Pick(int[] among, int drawn) => among[drawn % among.Length];
}
