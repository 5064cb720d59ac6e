using Orleans.Runtime;

namespace OrleansPs.Silo;

/// <summary>What a starting silo is at, and thus what an error is about.</summary>
internal enum StartPhase
{
    Configuration,
    Clustering,
    Services,
    Storage,
    Joining,
    Running,
}

/// <summary>How far the start is.</summary>
internal sealed class StartProgress : ILifecycleParticipant<ISiloLifecycle>
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile StartPhase _phase;

    public StartPhase Phase => _phase;

    /// <summary>Whether an error that ends the start is shown with its stack trace.</summary>
    public bool ShowsStackTraces { get; init; }

    /// <summary>Completes when clustering and storage have answered. Joining may take minutes: dead silos must first be known to be dead.</summary>
    public Task Reached => _reached.Task;

    public void Participate(ISiloLifecycle lifecycle)
    {
        Enter(lifecycle, ServiceLifecycleStage.First, StartPhase.Clustering);
        Enter(lifecycle, ServiceLifecycleStage.RuntimeGrainServices + 1, StartPhase.Services);
        Enter(lifecycle, ServiceLifecycleStage.ApplicationServices - 1, StartPhase.Storage);
        Enter(lifecycle, ServiceLifecycleStage.ValidateInitialConnectivity - 1, StartPhase.Joining);
    }

    public void Complete() => _phase = StartPhase.Running;

    private void Enter(ISiloLifecycle lifecycle, int stage, StartPhase phase) => lifecycle.Subscribe(nameof(StartProgress), stage, _ =>
    {
        _phase = phase;
        if (phase == StartPhase.Joining) _reached.TrySetResult();
        return Task.CompletedTask;
    });
}
