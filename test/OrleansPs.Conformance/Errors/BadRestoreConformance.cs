namespace OrleansPs.Conformance;

/// <summary>A snapshot or a restore that can't be is refused, and the model stays as it was.</summary>
public abstract class BadRestoreConformance(ConformanceHost host) : HostTests(host)
{
    [Fact]
    public async Task An_unknown_cut_is_refused()
    {
        var (spec, before) = await AtWorkAsync();

        var none = await Assert.ThrowsAsync<SnapshotNotFoundException>(() => Server.RestoreAsync(spec.Name, null, Limit));
        await Server.TakeSnapshotAsync(spec.Name, Limit);
        var unknown = await Assert.ThrowsAsync<SnapshotNotFoundException>(
            () => Server.RestoreAsync(spec.Name, new() { Cut = 99 }, Limit));

        Assert.Equal($"Model '{spec.Name}' has no complete snapshot.", none.Message);
        Assert.Equal($"Model '{spec.Name}' has no complete snapshot of cut 99.", unknown.Message);
        await before.RequireAsync();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-2)]
    [InlineData(5)]
    public async Task A_restore_for_an_impossible_number_of_workers_is_refused(int workers)
    {
        var (spec, before) = await AtWorkAsync();
        await Server.TakeSnapshotAsync(spec.Name, Limit);

        var e = await Assert.ThrowsAsync<InvalidOptionsException>(
            () => Server.RestoreAsync(spec.Name, new() { Workers = workers }, Limit));

        Assert.Equal($"Workers is {workers}: it must be 1 to 4.", e.Message);
        await before.RequireAsync();
    }

    [Fact]
    public async Task A_snapshot_of_another_spec_is_refused_with_the_difference()
    {
        var (spec, _) = await AtWorkAsync();
        await Server.TakeSnapshotAsync(spec.Name, Limit);
        await Server.DeleteModelAsync(spec.Name, Limit);
        var other = spec with { Optimizer = Optimizer.Sgd(lr: 0.125) };
        await CreateAsync(other);
        var before = await Untouched.RememberAsync(Server, other, Limit);

        var e = await Assert.ThrowsAsync<SpecMismatchException>(() => Server.RestoreAsync(spec.Name, null, Limit));

        Assert.Contains("Optimizer", e.Difference, StringComparison.OrdinalIgnoreCase);
        await before.RequireAsync();
    }

    [Fact]
    public async Task A_snapshot_of_another_number_of_workers_is_taken_if_it_is_said_how_many_go_on()
    {
        var (spec, _) = await AtWorkAsync();
        await Server.TakeSnapshotAsync(spec.Name, Limit);
        await Server.DeleteModelAsync(spec.Name, Limit);
        await CreateAsync(spec with { Workers = 1, MaxWorkers = 1 });

        var e = await Assert.ThrowsAsync<InvalidOptionsException>(() => Server.RestoreAsync(spec.Name, null, Limit));
        await Server.RestoreAsync(spec.Name, new() { Workers = 1 }, Limit);

        Assert.Equal("Workers", e.Parameter);
        Assert.Single((await JoinAsync(spec.Name, 0)).Position.Inherited);
    }

    [Fact]
    public async Task A_snapshot_that_an_eviction_meets_is_taken_all_the_same()
    {
        var spec = Ledgers.Spec(NewName(), "ASP", workers: 2);
        await BeginAsync(spec);

        var taking = Server.TakeSnapshotAsync(spec.Name, Limit);
        await Server.EvictAsync(spec.Name, 0, Limit);
        await Server.EvictAsync(spec.Name, 1, Limit);

        Assert.Equal(0, (await taking).Round);
    }

    [Fact]
    public async Task A_snapshot_that_a_restore_meets_is_aborted()
    {
        var spec = Ledgers.Spec(NewName(), "ASP", workers: 2);
        await CreateAsync(spec);
        await Server.TakeSnapshotAsync(spec.Name, Limit);
        await JoinAllAsync(spec.Name, 2);

        // A request that reaches the server only after the restore is granted, and met nothing: then both go again.
        var e = await MeetAsync();
        while (e is null) e = await MeetAsync();

        Assert.True(Assert.IsType<SnapshotAbortedException>(e).IsTransient);
        await Server.TakeSnapshotAsync(spec.Name, Limit);

        async Task<Exception?> MeetAsync()
        {
            var taking = Server.TakeSnapshotAsync(spec.Name, Limit);
            await Server.RestoreAsync(spec.Name, null, Limit);
            var outcome = await Record.ExceptionAsync(() => taking);
            if (outcome is null) await JoinAllAsync(spec.Name, 2);
            return outcome;
        }
    }

    /// <summary>A model of two workers after one step.</summary>
    private async Task<(ModelSpec Spec, Untouched Before)> AtWorkAsync()
    {
        var spec = Ledgers.Spec(NewName(), "BSP", workers: 2) with { MaxWorkers = 4 };
        var workers = await BeginAsync(spec);
        await Task.WhenAll(workers.Select(w => Ledgers.StepAsync(w, Limit)));
        return (spec, await Untouched.RememberAsync(Server, spec, Limit));
    }
}
