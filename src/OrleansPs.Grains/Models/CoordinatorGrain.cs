using Orleans.Concurrency;
using Orleans.GrainDirectory;
using Orleans.Placement;
using OrleansPs.Core.Consistency;
using OrleansPs.Core.Messages;
using OrleansPs.Hosting;
using OrleansPs.Protocol;

namespace OrleansPs.Grains;

/// <summary>
/// The coordinator of one model: a door to its <see cref="ModelHost"/>, which runs the state machine. Calls that wait are tasks,
/// so a worker that is parked at the gate blocks nobody's turn.
/// </summary>
[Reentrant, KeepAlive, Immovable, RandomPlacement, GrainDirectory(PlaceDirectory.Name)]
#pragma warning disable CA1001 // OnDeactivateAsync disposes of the door.
internal sealed class CoordinatorGrain(ClusterServices services) : Grain, ICoordinatorGrain, ICoordinatorControl
#pragma warning restore CA1001
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_callLimit = TimeSpan.FromSeconds(10);

    private readonly LongCalls<SnapshotInfo> _longCalls = new(services.Time);
    private readonly LongCalls<TrainingPolicy> _longChanges = new(services.Time);
    private ModelDoor _door = null!;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _door = new(this.GetPrimaryKeyString(), services);
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) =>
        _door.DisposeAsync().AsTask();

    public async Task<Outcome<JoinReply>> Join(JoinCommand command) => await AskAsync(
        new JoinReply(CoordinatorStatus.NotCoordinator, 0, 0, 0, 0, 0, 0, 0, 0, 0, [], []),
        host => host.CallAsync<JoinReply>((c, call, now) => c.Join(call, command, now), CancellationToken.None));

    public async Task<Outcome<ClockReply>> Clock(ClockCommand command) => await AskAsync(
        new ClockReply { Status = CoordinatorStatus.NotCoordinator },
        host => host.CallAsync<ClockReply>((c, call, now) => c.Clock(call, command, now), CancellationToken.None));

    public async Task<Outcome<PresenceReply>> Presence(PresenceCommand command) => await AskAsync(
        new PresenceReply(CoordinatorStatus.NotCoordinator, 0),
        host => host.CallAsync<PresenceReply>((c, call, now) => c.Presence(call, command, now), CancellationToken.None));

    public Task<Outcome<CertificatesReply>> Certificates(long from) => DoAsync(async model =>
    {
        var list = await model.Host.Runtime.Coordinator.CallAsync<CertificateList>((c, call, _) => c.ReadCertificates(call, from), CancellationToken.None);
        return new CertificatesReply(list.Generation, [.. list.Certificates]);
    });

    public Task<Outcome<BlockMap>> Map() => DoAsync(model => Task.FromResult(model.Map));

    public Task<Outcome<ModelSpec>> Spec() => DoAsync(model => Task.FromResult(model.Host.Spec));

    public Task<Outcome<ModelStatus>> Status() => DoAsync(model => Task.FromResult(model.Host.GetStatus()));

    public Task<Outcome<SnapshotInfo?>> TakeSnapshot(Guid nonce) =>
        _longCalls.RunAsync(nonce, () => DoAsync(model => model.Host.TakeSnapshotAsync(CancellationToken.None)));

    public Task<Outcome<SnapshotInfo?>> Restore(Guid nonce, RestoreOptions options) =>
        _longCalls.RunAsync(nonce, () => DoAsync(model => model.RestoreAsync(options, CancellationToken.None)));

    public Task<Outcome<TrainingPolicy?>> ChangePolicy(Guid nonce, PolicyChange change) =>
        _longChanges.RunAsync(nonce, () => DoAsync(model => model.Host.ChangePolicyAsync(change, CancellationToken.None)));

    public Task<Outcome<bool>> Evict(int rank) => DoAsync(model =>
    {
        if (rank < 0 || rank >= model.Host.Spec.RankLimit)
            throw new InvalidOptionsException(nameof(rank), rank, $"it must be 0 to {model.Host.Spec.RankLimit - 1}.");
        model.Host.Evict(rank);
        return Task.FromResult(true);
    });

    public Task<Outcome<BlockInfo[]>> Blocks() => DoAsync(async model =>
    {
        using var limit = new CancellationTokenSource(s_callLimit);
        return await model.DescribeAsync(limit.Token);
    });

    public Task<Outcome<bool>> Create(ModelSpec spec, SiloAddress[] avoided) => Outcomes.OfAsync(() => _door.CreateAsync(spec, avoided));

    public async Task<Outcome<bool>> Delete()
    {
        var outcome = await Outcomes.OfAsync(_door.DeleteAsync);
        DeactivateOnIdle();
        return outcome;
    }

    public Task<Outcome<int>> Drain(SiloAddress silo) => DoAsync(model => model.DrainAsync(silo, CancellationToken.None));

    public Task StandbyLost(long generation, int block, Guid nonce, long term, long order) => DoAsync(model =>
    {
        model.StandbyLost(generation, block, nonce, new(term, order));
        return Task.FromResult(true);
    });

    public Task<Outcome<bool>> Knows(long generation, int block, Guid nonce) => DoAsync(model => Task.FromResult(model.Knows(generation, block, nonce)));

    public async Task Wake()
    {
        // Whoever is not a model's needs no activation.
        if (!await _door.IsModelAsync()) DeactivateOnIdle();
    }

    /// <summary>Asks the coordinator; while the model is being opened the answer is to ask again.</summary>
    private async Task<Outcome<T>> AskAsync<T>(T notYet, Func<CoordinatorHost, ValueTask<T>> ask)
    {
        var outcome = await DoAsync(async model => await ask(model.Host.Runtime.Coordinator));
        return outcome.Fault is { Kind: FaultKind.Unavailable } ? new(notYet, null) : outcome;
    }

    private async Task<Outcome<T>> DoAsync<T>(Func<ClusterModel, Task<T>> work)
    {
        var outcome = await Outcomes.OfAsync(() => _door.DoAsync(work, s_patience));
        if (outcome.Fault is { Kind: FaultKind.UnknownModel }) DeactivateOnIdle();
        return outcome;
    }
}
