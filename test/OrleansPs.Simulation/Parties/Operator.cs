using OrleansPs.Core.Consistency;
using OrleansPs.Core.Messages;

namespace OrleansPs.Simulation;

/// <summary>Starts coordinators, puts the model back to snapshots, and starts all of it again after a crash.</summary>
internal sealed class Operator(World world)
{
    private readonly Scheduler _scheduler = world.Scheduler;
    private int _elections;

    /// <summary>Whether a restore is under way.</summary>
    public bool IsRestoring { get; private set; }

    /// <summary>Takes a new term, and decides from then on. Several may try at the same time.</summary>
    public void Elect()
    {
        _elections++;
        var seen = world.Storage.Pointer;
        var next = seen with { Term = seen.Term + 1 };
        world.Storage.Swap(seen, next, swapped =>
        {
            _elections--;
            if (swapped == true) TakeOver(next);
            else ElectLater();
        });
    }

    /// <summary>Somebody has to be coordinator: asks for one if nobody is about to become it.</summary>
    public void EnsureCoordinator()
    {
        var isThere = world.Coordinator is { IsOver: false, Process.IsDead: false };
        if (!isThere && _elections == 0 && !IsRestoring) Elect();
    }

    /// <summary>Puts the model back to its newest good snapshot; without one it begins anew if it has to.</summary>
    public void Restore(bool mayBeginAnew)
    {
        if (IsRestoring) return;
        if (world.Storage.HasSpare && world.Befalls(FaultKind.DamagedSnapshot)) world.Storage.DamageNewest();
        var loaded = world.Snapshots.LoadNewest();
        if (loaded is null && !mayBeginAnew) return;
        IsRestoring = true;
        if (!mayBeginAnew) world.Fault(FaultKind.Restore);
        RaiseGeneration(loaded, OtherCount(loaded));
    }

    /// <summary>All machines go down at once. What the storage has is all that stays.</summary>
    public void CrashAll()
    {
        if (IsRestoring) return;
        IsRestoring = true;
        world.Fault(FaultKind.WholeCrash);
        world.Trace.Write("everything crashes");
        foreach (var coordinator in world.Coordinators) coordinator.Process.Kill();
        world.Coordinators.Clear();
        world.Record.Crash();
        foreach (var block in world.Blocks) block.Crash();
        world.Storage.Crash();
        foreach (var worker in world.Workers)
            if (_scheduler.Chance(0.5)) worker.Crash();
        _scheduler.After(_scheduler.Milliseconds(10, 800), () => RaiseGeneration(world.Snapshots.LoadNewest()));
    }

    private void ElectLater() => _scheduler.After(_scheduler.Milliseconds(1, 50), EnsureCoordinator);

    private void TakeOver(Pointer pointer) => _scheduler.After(_scheduler.Milliseconds(0.1, 20), () =>
    {
        if (IsRestoring || world.Record.Generation != pointer.Generation) return;
        if (world.Record.Raise(pointer.Term) is not { } state) return;
        world.Trace.Write($"coordinator of term {pointer.Term}");
        world.Take(new SimCoordinator(world, world.Record, state, pointer.Term));
    });

    /// <summary>Sometimes fewer workers go on, or one more, which brings data of its own.</summary>
    private int? OtherCount(Loaded? loaded)
    {
        if (loaded is null || !world.Befalls(FaultKind.OtherWorkerCount)) return null;
        var ranks = loaded.Manifest.Ranks;
        var inherited = ranks.SelectMany(r => r.Inherited).Select(i => i.Rank).ToArray();
        var count = inherited.Length > 0 ? inherited.Min() : ranks.Max(r => r.Rank) + 1;
        var mayGrow = count < world.Spec.RankLimit && inherited.Length == 0;
        return mayGrow && _scheduler.Chance(0.3) ? count + 1 : _scheduler.Random.Next(1, count + 1);
    }

    private void RaiseGeneration(Loaded? loaded, int? workers = null)
    {
        var seen = world.Storage.Pointer;
        var newest = world.Storage.Cuts.DefaultIfEmpty(0).Max();
        var next = new Pointer(seen.Generation + 1, seen.Term + 1, Math.Max(seen.NextCut, newest + 1));
        world.Storage.Swap(seen, next, swapped =>
        {
            if (swapped == true) Begin(next, loaded, workers);
            else _scheduler.After(_scheduler.Milliseconds(1, 50), () => RaiseGeneration(loaded, workers));
        });
    }

    /// <summary>Begins a generation: first values, or those of a snapshot.</summary>
    public void Begin(Pointer pointer, Loaded? loaded, int? workers = null)
    {
        IsRestoring = false;
        world.Trace.Write($"generation {pointer.Generation} begins from cut {loaded?.Manifest.Cut ?? 0} for {workers?.ToString() ?? "the same"} workers");
        Depose(pointer.Term);
        var state = loaded is null
            ? ControlState.Create(world.Spec, pointer.Generation, pointer.NextCut - 1)
            : ControlState.Restore(world.Spec, loaded.Manifest, pointer.Generation, pointer.NextCut - 1, workers);
        var history = new History(world, pointer.Generation, loaded?.Manifest, state);
        world.Histories.Add(pointer.Generation, history);
        world.Record = new(world, state, history);
        foreach (var block in world.Blocks)
        {
            var image = loaded?.Blocks[world.Blocks.IndexOf(block)];
            var delay = _scheduler.Chance(0.5) ? _scheduler.Milliseconds(0, 50) : TimeSpan.Zero;
            _scheduler.After(delay, () => block.Start(pointer.Generation, image, pointer.NextCut - 1));
        }
        world.Take(new SimCoordinator(world, world.Record, world.Record.Raise(pointer.Term)!, pointer.Term));
        foreach (var worker in world.Workers) worker.BroughtBack();
    }

    /// <summary>The coordinators of the generation before: their record refuses them, and sooner or later they are told.</summary>
    private void Depose(long term)
    {
        if (world.Coordinators.Count == 0) return;
        world.Record.Raise(term);
        foreach (var coordinator in world.Coordinators.ToArray())
        {
            var delay = _scheduler.Chance(0.5) ? TimeSpan.Zero : _scheduler.Milliseconds(1, 300);
            _scheduler.After(delay, () => coordinator.Stop(CoordinatorStatus.OtherGeneration));
        }
    }
}
