namespace OrleansPs.Hosting.Tests;

/// <summary>Where a model goes back to when its blocks are lost.</summary>
public sealed class RecoverTests : IDisposable
{
    private readonly ModelRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task It_goes_on_from_the_newest_cut()
    {
        await using var host = await _rig.CreateAsync();
        await ModelRig.TrainAsync(host, 2);
        await host.TakeSnapshotAsync(default);
        await ModelRig.TrainAsync(host, 1);
        var newest = await host.TakeSnapshotAsync(default);
        await ModelRig.TrainAsync(host, 4);
        var (lost, generation, term) = (ModelRig.Blocks(host), host.Runtime.Generation, host.Runtime.Coordinator.Term);

        await host.RecoverAsync(default);

        Assert.True(lost.IsClosed);
        Assert.False(ModelRig.Blocks(host).IsClosed);
        Assert.True(host.Runtime.Generation > generation && host.Runtime.Coordinator.Term > term);
        Assert.Equal((newest.Cut, 3f), (ModelRig.RestoredCut(host), ModelRig.Value(host)));
        Assert.Equal((newest, 3), (host.GetStatus().LastSnapshot, (int)host.GetStatus().Workers[0].Step));
        await ModelRig.TrainAsync(host, 1);
        Assert.Equal(4, ModelRig.Value(host));
        Assert.True((await host.TakeSnapshotAsync(default)).Cut > newest.Cut);
    }

    [Fact]
    public async Task So_does_a_model_whose_host_is_lost_too()
    {
        var host = await _rig.CreateAsync();
        await ModelRig.TrainAsync(host, 2);
        var cut = await host.TakeSnapshotAsync(default);
        var origin = host.Origin;
        await host.DisposeAsync();

        await using var next = await ModelHost.RecoverAsync(ModelRig.Spec, origin, await _rig.KnownAsync(), _rig.Environment, default);

        Assert.Equal((cut.Cut, 2f, origin), (ModelRig.RestoredCut(next), ModelRig.Value(next), next.Origin));
        await ModelRig.TrainAsync(next, 1);
        var newer = await next.TakeSnapshotAsync(default);
        await next.RecoverAsync(default);
        Assert.Equal((newer.Cut, 3f), (ModelRig.RestoredCut(next), ModelRig.Value(next)));
    }

    [Fact]
    public async Task Never_from_a_cut_of_an_earlier_life_of_its_name()
    {
        var earlier = await _rig.CreateAsync();
        await ModelRig.TrainAsync(earlier, 3);
        var old = await earlier.TakeSnapshotAsync(default);
        await earlier.DisposeAsync();
        await using var host = await _rig.CreateAsync();
        Assert.Equal(new(0, old.Cut + 1, null), host.Origin);
        await ModelRig.TrainAsync(host, 1);

        await host.RecoverAsync(default);

        Assert.Equal((0, 0f), (ModelRig.RestoredCut(host), ModelRig.Value(host)));
        Assert.All(host.GetStatus().Workers, w => Assert.Equal((WorkerStatus.Expected, 0), (w.Status, w.Step)));
        await ModelRig.TrainAsync(host, 1);
        var own = await host.TakeSnapshotAsync(default);
        Assert.True(own.Cut > old.Cut);
        await host.RecoverAsync(default);
        Assert.Equal((own.Cut, 1f), (ModelRig.RestoredCut(host), ModelRig.Value(host)));
    }

    [Fact]
    public async Task After_a_restore_by_hand_it_goes_back_to_that_cut_and_not_to_newer_ones()
    {
        await using var host = await _rig.CreateAsync();
        await ModelRig.TrainAsync(host, 1);
        var first = await host.TakeSnapshotAsync(default);
        await ModelRig.TrainAsync(host, 1);
        var second = await host.TakeSnapshotAsync(default);
        ModelOrigin? told = null;
        await host.RestoreAsync(new() { Cut = first.Cut, Workers = 2 }, (origin, _) => { told = origin; return Task.CompletedTask; }, default);
        Assert.Equal(new(first.Cut, second.Cut + 1, 2), host.Origin);
        Assert.Equal(host.Origin, told);
        await ModelRig.TrainAsync(host, 2, workers: 2);
        Assert.Equal(3, ModelRig.Value(host));

        await host.RecoverAsync(default);

        Assert.Equal((first.Cut, 1f), (ModelRig.RestoredCut(host), ModelRig.Value(host)));
        Assert.Equal([1, 0], host.GetStatus().Workers.Select(w => w.Step));
        await ModelRig.TrainAsync(host, 1, workers: 2);
        var third = await host.TakeSnapshotAsync(default);
        await host.RecoverAsync(default);
        Assert.Equal((third.Cut, 2f), (ModelRig.RestoredCut(host), ModelRig.Value(host)));
        Assert.Equal([2, 1], host.GetStatus().Workers.Select(w => w.Step));
    }

    [Fact]
    public async Task Without_a_storage_it_begins_with_its_first_values()
    {
        using var rig = new ModelRig(stores: false);
        await using var host = await rig.CreateAsync();
        await ModelRig.TrainAsync(host, 2);
        var first = host.Runtime.Generation;
        await host.RecoverAsync(default);
        Assert.Equal((first + 1, 0f), (host.Runtime.Generation, ModelRig.Value(host)));
        await ModelRig.TrainAsync(host, 1);
        Assert.Equal(1, ModelRig.Value(host));
    }

    [Fact]
    public async Task A_damaged_cut_is_passed_over_and_where_all_are_damaged_nothing_changes()
    {
        await using var host = await _rig.CreateAsync();
        for (var i = 0; i < 2; i++)
        {
            await ModelRig.TrainAsync(host, 1);
            await host.TakeSnapshotAsync(default);
        }
        SnapshotDirectory.Flip(_rig.Chunk(2, 1), 700);
        await host.RecoverAsync(default);
        Assert.Equal((1, 1f), (ModelRig.RestoredCut(host), ModelRig.Value(host)));

        SnapshotDirectory.Flip(_rig.Chunk(1, 0), 700);
        var runtime = host.Runtime;
        await Assert.ThrowsAsync<SnapshotCorruptException>(() => host.RecoverAsync(default));
        Assert.Same(runtime, host.Runtime);
        await ModelRig.TrainAsync(host, 1);
        Assert.Equal(2, ModelRig.Value(host));
    }

    [Fact]
    public async Task What_cannot_be_made_ready_changes_nothing_and_can_be_tried_again()
    {
        await using var host = await _rig.CreateAsync();
        await ModelRig.TrainAsync(host, 2);
        var runtime = host.Runtime;
        _rig.Factory.FailsToPrepare = true;
        await Assert.ThrowsAsync<ServerUnavailableException>(() => host.RecoverAsync(default));
        Assert.Same(runtime, host.Runtime);
        Assert.False(ModelRig.Blocks(host).IsClosed);
        _rig.Factory.FailsToPrepare = false;
        await host.RecoverAsync(default);
        Assert.Equal(0, ModelRig.Value(host));
    }

    [Fact]
    public async Task A_restore_that_could_not_be_kept_in_mind_frees_what_it_made_ready()
    {
        await using var host = await _rig.CreateAsync();
        await host.TakeSnapshotAsync(default);
        var (runtime, origin, ready) = (host.Runtime, host.Origin, _rig.Factory.Ready);
        await Assert.ThrowsAsync<ServerUnavailableException>(
            () => host.RestoreAsync(new(), (_, _) => throw new ServerUnavailableException("no storage"), default));
        Assert.Equal((origin, ready), (host.Origin, _rig.Factory.Ready));
        Assert.Same(runtime, host.Runtime);
        await ModelRig.TrainAsync(host, 1);
    }

    [Fact]
    public async Task One_that_waits_for_a_snapshot_is_told_that_it_will_not_come()
    {
        await using var host = await _rig.CreateAsync();
        var never = new TaskCompletionSource();
        ModelRig.Blocks(host).OnAsked = what => what == "freeze" ? never.Task : Task.CompletedTask;
        var snapshot = host.TakeSnapshotAsync(default);
        await host.RecoverAsync(default);
        await Assert.ThrowsAsync<SnapshotAbortedException>(() => snapshot);
        Assert.True((await host.TakeSnapshotAsync(default)).Cut > 0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_host_that_was_away_while_another_came_puts_nobody_back_and_is_over(bool byHand)
    {
        await using var host = await _rig.CreateAsync();
        await ModelRig.TrainAsync(host, 1);
        await host.TakeSnapshotAsync(default);
        var over = new TaskCompletionSource();
        host.OnDeposed = over.SetResult;
        var (runtime, origin, ready) = (host.Runtime, host.Origin, _rig.Factory.Ready);
        // Another coordinator takes the next term, and goes on with the blocks that there are.
        var before = await _rig.KnownAsync();
        Assert.True(await _rig.Store.TryWritePointerAsync(Cuts.Model, before, before with { Term = before.Term + 1 }, default));

        var refused = await Assert.ThrowsAsync<ServerUnavailableException>(
            () => byHand ? host.RestoreAsync(new(), (_, _) => throw new InvalidOperationException("it has begun"), default) : host.RecoverAsync(default));

        Assert.Contains("Another coordinator", refused.Message, StringComparison.Ordinal);
        await over.Task;
        Assert.Equal(before with { Term = before.Term + 1 }, await _rig.KnownAsync());
        Assert.Same(runtime, host.Runtime);
        Assert.Equal((origin, ready), (host.Origin, _rig.Factory.Ready));
        Assert.False(ModelRig.Blocks(host).IsClosed);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Where_the_answer_to_a_raise_is_lost_a_host_is_over_if_it_was_made_unless_the_store_is_its_own(bool wasMade, bool ownsStore)
    {
        // The first change of the store begins the model.
        var lost = new SnapshotStorageException("the store", "its answer was lost", transient: true);
        var environment = _rig.Environment with { Store = new CrashingStore(_rig.Store, 2, wasMade, lost), OwnsStore = ownsStore };
        await using var host = await ModelHost.CreateAsync(ModelRig.Spec, await _rig.KnownAsync(), environment, default);
        var isOver = false;
        host.OnDeposed = () => isOver = true;

        if (wasMade) await Assert.ThrowsAsync<ServerUnavailableException>(() => host.RecoverAsync(default));
        else await Assert.ThrowsAsync<SnapshotStorageException>(() => host.RecoverAsync(default));

        Assert.Equal(wasMade, isOver);
        if (wasMade && !ownsStore)
        {
            await Assert.ThrowsAsync<ServerUnavailableException>(() => host.RecoverAsync(default));
            return;
        }
        await host.RecoverAsync(default);
        Assert.Equal(host.Runtime.Generation, (await _rig.KnownAsync()).Generation);
    }

    [Fact]
    public async Task Whoever_looked_before_another_came_recovers_nothing()
    {
        var host = await _rig.CreateAsync();
        var (origin, known) = (host.Origin, await _rig.KnownAsync());
        await host.DisposeAsync();
        await using var first = await ModelHost.RecoverAsync(ModelRig.Spec, origin, known, _rig.Environment, default);
        await ModelRig.TrainAsync(first, 1);

        await Assert.ThrowsAsync<ServerUnavailableException>(() => ModelHost.RecoverAsync(ModelRig.Spec, origin, known, _rig.Environment, default));
        await Assert.ThrowsAsync<ServerUnavailableException>(() => ModelHost.CreateAsync(ModelRig.Spec, known, _rig.Environment, default));

        Assert.Equal(1, ModelRig.Value(first));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_host_that_has_ended_begins_nothing_any_more(bool handsOver)
    {
        var host = await _rig.CreateAsync();
        if (handsOver) Assert.NotNull(await host.HandOverAsync());
        else await host.DisposeAsync();
        var before = await _rig.Store.ReadPointerAsync(Cuts.Model, default);
        await Assert.ThrowsAsync<UnknownModelException>(() => host.RecoverAsync(default));
        await Assert.ThrowsAsync<UnknownModelException>(() => host.RestoreAsync(new(), null, default));
        Assert.Equal(before, await _rig.Store.ReadPointerAsync(Cuts.Model, default));
        Assert.Single(_rig.Factory.Begun);
        Assert.Null(host.TryRuntime);
    }
}
