namespace OrleansPs.Simulation;

/// <summary>What becomes of a rank's process.</summary>
internal enum WorkerState
{
    /// <summary>It will be started.</summary>
    Waiting,

    /// <summary>It runs.</summary>
    Up,

    /// <summary>It has done all its data.</summary>
    Done,

    /// <summary>It left before its data were done, or will never be started again.</summary>
    Gone,
}

/// <summary>One rank over all its lives: each is a process with a session of its own, and begins where the service says.</summary>
internal sealed class SimWorker(World world, int rank)
{
    private readonly List<Life> _lives = [];

    private TimeSpan Patience => world.Spec.Lease < TimeSpan.FromSeconds(2) ? world.Spec.Lease : TimeSpan.FromSeconds(2);

    public int Rank => rank;

    public WorkerState State { get; private set; } = WorkerState.Waiting;

    /// <summary>The lives that still run; more than one if an older one has not noticed yet.</summary>
    public IReadOnlyList<Life> Lives => _lives;

    /// <summary>This rank has no part in the run any more.</summary>
    public void StayAway()
    {
        Kill();
        State = WorkerState.Gone;
    }

    public void StartLater(TimeSpan delay, Action? started = null)
    {
        State = WorkerState.Waiting;
        world.Scheduler.After(delay, () =>
        {
            if (State != WorkerState.Waiting) return;
            started?.Invoke();
            Start();
        });
    }

    /// <summary>Starts a life beside those that run.</summary>
    public void Start()
    {
        State = WorkerState.Up;
        var life = new Life(world, this);
        _lives.Add(life);
        foreach (var other in _lives) other.IsAlone = _lives.Count == 1;
        life.Begin();
    }

    /// <summary>The process dies; another one is started later, or never.</summary>
    public void Crash(bool forever = false)
    {
        if (State != WorkerState.Up) return;
        if (world.Trace.IsOn) world.Trace.Write($"worker {rank} crashes{(forever ? " for good" : "")}");
        Kill();
        if (forever) State = WorkerState.Gone;
        else StartLater(world.Scheduler.Between(TimeSpan.FromMilliseconds(5), Patience * 2));
    }

    public void Pause()
    {
        if (_lives.LastOrDefault() is not { } life) return;
        life.Process.Pause();
        var end = world.Scheduler.Between(TimeSpan.FromMilliseconds(10), Patience * 3);
        if (world.Trace.IsOn) world.Trace.Write($"worker {rank} pauses for {end.TotalMilliseconds:F0} ms");
        world.Scheduler.After(end, () =>
        {
            if (!life.Process.IsDead) life.Process.Resume();
        });
    }

    /// <summary>A life ended by itself.</summary>
    public void Ended(Life life, WorkerState outcome)
    {
        var isNewest = _lives.LastOrDefault() == life;
        life.Process.Kill();
        _lives.Remove(life);
        if (!isNewest || State != WorkerState.Up) return;
        if (outcome == WorkerState.Waiting) StartLater(world.Scheduler.Milliseconds(10, 300));
        else State = outcome;
        // Its last steps may be lost to a crash that it did not hear of before it ended.
        if (life.Generation != world.Record.Generation) BroughtBack();
        if (world.Trace.IsOn) world.Trace.Write($"worker {rank} is {State}");
    }

    private void Kill()
    {
        foreach (var life in _lives) life.Process.Kill();
        _lives.Clear();
    }

    /// <summary>The model was put back: whoever has work again is started again, as an operator would.</summary>
    public void BroughtBack()
    {
        var history = world.Record.History;
        if (history.HasHeir(rank))
        {
            StayAway();
            return;
        }
        if (State is not (WorkerState.Done or WorkerState.Gone)) return;
        if (history.Lines.TryGetValue(rank, out var line) && (line.Participates || history.ItemOf(rank, line.Step) is not null))
            StartLater(world.Scheduler.Milliseconds(1, 500));
        else StayAway();
    }
}
