namespace OrleansPs.Conformance;

/// <summary>A model with a changed spec takes from a cut of the old one what matches, exactly, and says what did not.</summary>
public abstract class PartialRestoreConformance(ConformanceHost host) : HostTests(host)
{
    private static readonly DenseParameter s_a = new("a", [30, 40], Initializer.Normal());
    private static readonly DenseParameter s_b = new("b", [40], Initializer.Uniform(-1, 1));
    private static readonly DenseParameter s_c = new("c", [2500], Initializer.Normal());

    public static TheoryData<string, string> Layouts
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var mode in (string[])["BSP", "SSP", "ASP"])
                foreach (var change in (string[])["larger blocks", "other order", "more in front", "a larger window", "another seed"])
                    data.Add(mode, change);
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public async Task What_was_laid_out_anew_goes_on_bit_for_bit(string mode, string change)
    {
        var spec = SpecOf(mode);
        var undisturbed = spec with { Name = NewName() };
        var expected = await TrainAsync(await BeginAsync(undisturbed), until: 9);
        var taken = await CutAsync(spec, until: 5);

        var changed = Change(spec, change);
        await RecreateAsync(changed);
        var report = await Server.RestorePartialAsync(spec.Name, null, Limit);

        Assert.Equal(taken, report.Source);
        Assert.Equal(["a", "b", "c"], report.Loaded.Order());
        Assert.Equal(change == "more in front" ? ["0"] : [], report.Missing);
        Assert.Empty(report.Unexpected);
        Assert.Empty(report.FreshState);
        var successors = await JoinAllAsync(spec.Name, 2);
        Assert.All(successors, w => Assert.Equal((5, 5), (w.Position.Step, w.Position.Cursor)));
        Assert.All(successors, w => Assert.Equal(report.Snapshot!.Cut, w.Position.RestoredCut));
        var now = await TrainAsync(successors, until: 9);
        foreach (var name in (string[])["a", "b", "c"]) Tensors.SameBits(expected[name], now[name]);
    }

    [Theory]
    [MemberData(nameof(Optimizers.All), MemberType = typeof(Optimizers))]
    public async Task Every_optimizer_goes_on_in_blocks_of_another_size(string optimizer)
    {
        var spec = SpecOf("BSP") with { Optimizer = Optimizers.Of(optimizer), Schedule = LearningRateSchedule.Step(3, 0.7) };
        var undisturbed = spec with { Name = NewName() };
        var expected = await TrainAsync(await BeginAsync(undisturbed), until: 9);
        await CutAsync(spec, until: 5);

        await RecreateAsync(spec with { BlockBytes = 12_288 });
        await Server.RestorePartialAsync(spec.Name, null, Limit);

        var now = await TrainAsync(await JoinAllAsync(spec.Name, 2), until: 9);
        foreach (var (name, values) in expected) Tensors.SameBits(values, now[name]);
    }

    [Fact]
    public async Task What_is_new_reshaped_or_gone_is_reported_and_what_is_new_has_its_first_values()
    {
        var spec = SpecOf("BSP");
        await CutAsync(spec, until: 3);
        var then = await ValuesAsync(spec);
        var changed = spec with { Parameters = [s_a, s_c with { Shape = [50, 50] }, new("d", [7], Initializer.Normal())] };
        await RecreateAsync(changed);
        var first = await ValuesAsync(changed);

        var report = await Server.RestorePartialAsync(spec.Name, null, Limit);

        Assert.False(report.IsComplete);
        Assert.Equal(["a", "d", "b"], [.. report.Loaded, .. report.Missing, .. report.Unexpected]);
        Assert.Single(report.Missing);
        Assert.Single(report.Unexpected);
        Assert.Equal([new("c", "[50, 50]", "[2500]")], report.Mismatched);
        var now = await ValuesAsync(changed);
        Tensors.SameBits(then["a"], now["a"]);
        Tensors.SameBits(first["c"], now["c"]);
        Tensors.SameBits(first["d"], now["d"]);
    }

    [Theory]
    [InlineData("momentum", "nesterov", true)]
    [InlineData("adam", "adamw", true)]
    [InlineData("adamw", "momentum", false)]
    [InlineData("momentum", "sgd", false)]
    public async Task Optimizer_state_goes_on_where_the_optimizer_is_of_the_same_kind(string was, string now, bool keeps)
    {
        // The same change of the optimizer, once with a restore in between and once with values alone.
        var spec = SpecOf("BSP") with { Optimizer = Optimizers.Of(was) };
        await CutAsync(spec, until: 4);
        var values = await ValuesAsync(spec);
        var changed = spec with { Optimizer = Optimizers.Of(now) };
        await RecreateAsync(changed);

        var report = await Server.RestorePartialAsync(spec.Name, null, Limit);

        Assert.Equal(keeps ? [] : ["a", "b", "c"], report.FreshState);
        foreach (var (name, restored) in await ValuesAsync(changed)) Tensors.SameBits(values[name], restored);
        var fresh = changed with { Name = NewName() };
        await CreateAsync(fresh);
        await Server.LoadAsync(fresh.Name, new TensorWeights(fresh.Parameters, values), null, Limit);
        var expected = Tensors.Flat(await StepAsync(await JoinAllAsync(fresh.Name, 2), 4));
        var actual = Tensors.Flat(await StepAsync(await JoinAllAsync(changed.Name, 2), 4));
        if (keeps) Assert.NotEqual(expected, actual);
        else Tensors.SameBits(expected, actual);
    }

    [Theory]
    [InlineData("BSP", "SSP")]
    [InlineData("BSP", "ASP")]
    [InlineData("SSP", "BSP")]
    [InlineData("ASP", "BSP")]
    [InlineData("ASP", "SSP")]
    public async Task Consistency_may_change_and_every_step_counts_once(string was, string now)
    {
        var spec = Ledgers.Spec(NewName(), was, workers: 3);
        var workers = await BeginAsync(spec);
        for (var step = 0; step < 4; step++) await Task.WhenAll(workers.Select(w => Ledgers.StepAsync(w, Limit)));
        if (was == "ASP") await Ledgers.StepAsync(workers[2], Limit);
        var taking = Server.TakeSnapshotAsync(spec.Name, Limit);
        await (was == "BSP" ? taking : TakenAsync(taking, workers));
        await RecreateAsync(Ledgers.Spec(spec.Name, now, workers: 3));

        await Server.RestorePartialAsync(spec.Name, null, Limit);
        var successors = await JoinAllAsync(spec.Name, 3);
        var ahead = was == "ASP" ? 5 : 4;
        Assert.Equal([4, 4, ahead], successors.Select(w => w.Position.Cursor));
        await Task.WhenAll(successors.Select(async w =>
        {
            await Ledgers.RunToAsync(w, 8, Limit);
            await Ledgers.EndDataAsync(w, Limit);
        }));

        var sums = await ReadAsync(spec);
        Tensors.AllAre(24, sums.AsMemory(0, 1024));
        Tensors.AllAre(-24, sums.AsMemory(1024));
    }

    [Fact]
    public async Task The_number_of_workers_follows_the_rule_of_every_restore()
    {
        var spec = SpecOf("BSP");
        await CutAsync(spec, until: 3);
        var changed = spec with { Workers = 1, MaxWorkers = 1, BlockBytes = 8192 };
        await RecreateAsync(changed);
        var before = await Untouched.RememberAsync(Server, changed, Limit);

        var unsaid = await Assert.ThrowsAsync<InvalidOptionsException>(() => Server.RestorePartialAsync(spec.Name, null, Limit));
        var tooMany = await Assert.ThrowsAsync<InvalidOptionsException>(() => Server.RestorePartialAsync(spec.Name, new() { Workers = 2 }, Limit));
        Assert.Equal(("Workers", "Workers"), (unsaid.Parameter, tooMany.Parameter));
        await before.RequireAsync();
        Assert.Single(await Server.ListSnapshotsAsync(spec.Name, Limit));

        await Server.RestorePartialAsync(spec.Name, new() { Workers = 1 }, Limit);
        Assert.Equal([new(1, 3, 3)], (await JoinAsync(spec.Name, 0)).Position.Inherited);
    }

    [Theory]
    [InlineData("SSP")]
    [InlineData("ASP")]
    public async Task A_half_step_in_blocks_that_stay_as_they_were_is_not_taken_twice(string mode)
    {
        var ledger = Ledgers.Spec(NewName(), mode, workers: 2);
        var workers = await BeginAsync(ledger);
        foreach (var worker in workers) await Ledgers.StepAsync(worker, Limit);
        await workers[1].PushAsync(Tensors.Full((ledger.Parameters[0], 1)), Limit);
        await Server.EvictAsync(ledger.Name, 1, Limit);
        var taking = Server.TakeSnapshotAsync(ledger.Name, Limit);
        await Ledgers.StepAsync(workers[0], Limit);
        await TakenAsync(taking, workers[0]);
        await RecreateAsync(ledger with { Parameters = [.. ledger.Parameters, new("more", [1024])] });

        await Server.RestorePartialAsync(ledger.Name, new() { Workers = 2 }, Limit);
        var successors = await JoinAllAsync(ledger.Name, 2);
        await Task.WhenAll(successors.Select(w => Ledgers.RunToAsync(w, 5, Limit)));

        var sums = await ReadAsync(successors[0].Spec);
        Tensors.AllAre(10, sums.AsMemory(0, 1024));
        Tensors.AllAre(-10, sums.AsMemory(1024, 1024));
        Tensors.AllAre(0, sums.AsMemory(2048));
    }

    [Fact]
    public async Task A_cut_of_the_present_spec_is_restored_as_it_is()
    {
        var spec = SpecOf("BSP");
        var taken = await CutAsync(spec, until: 3);
        var then = await ReadAsync(spec);

        var report = await Server.RestorePartialAsync(spec.Name, new() { Cut = taken.Cut }, Limit);

        Assert.True(report.IsComplete);
        Assert.Equal((taken, taken), (report.Source, report.Snapshot));
        Tensors.SameBits(then, await ReadAsync(spec));
        Assert.Single(await Server.ListSnapshotsAsync(spec.Name, Limit));
    }

    [Fact]
    public async Task What_was_restored_is_a_cut_of_the_new_spec_that_later_restores_go_back_to()
    {
        var spec = SpecOf("BSP");
        await CutAsync(spec, until: 3);
        var then = await ValuesAsync(spec);
        var changed = spec with { BlockBytes = 8192, Optimizer = Optimizer.Sgd(lr: 0.1) };
        await RecreateAsync(changed);
        var report = await Server.RestorePartialAsync(spec.Name, null, Limit);
        await TrainAsync(await JoinAllAsync(spec.Name, 2), until: 6);

        Assert.Equal(report.Snapshot, await Server.RestoreAsync(spec.Name, null, Limit));

        foreach (var (name, values) in await ValuesAsync(changed)) Tensors.SameBits(then[name], values);
    }

    [Fact]
    public async Task An_unknown_cut_or_none_is_refused()
    {
        var spec = SpecOf("BSP");
        await CreateAsync(spec);
        var before = await Untouched.RememberAsync(Server, spec, Limit);

        var none = await Assert.ThrowsAsync<SnapshotNotFoundException>(() => Server.RestorePartialAsync(spec.Name, null, Limit));
        var unknown = await Assert.ThrowsAsync<SnapshotNotFoundException>(() => Server.RestorePartialAsync(spec.Name, new() { Cut = 99 }, Limit));
        await Assert.ThrowsAsync<UnknownModelException>(() => Server.RestorePartialAsync("nobody", null, Limit));

        Assert.Equal((null, 99), (none.Cut, unknown.Cut));
        await before.RequireAsync();
    }

    private static ModelSpec Change(ModelSpec spec, string change) => change switch
    {
        "larger blocks" => spec with { BlockBytes = 8192 },
        "other order" => spec with { Parameters = [s_c, s_a, s_b] },
        "more in front" => spec with { Parameters = [new("0", [333], Initializer.Normal()), .. spec.Parameters] },
        "a larger window" => spec with { PushesPerStep = 100 },
        _ => spec with { Seed = 77, Lease = TimeSpan.FromSeconds(20) },
    };

    private ModelSpec SpecOf(string mode) => Ledgers.Spec(NewName(), mode, workers: 2) with
    {
        Parameters = [s_a, s_b, s_c], Optimizer = Optimizer.Adam(lr: 0.01), BlockBytes = 4096, Reduction = Reduction.Mean,
    };

    private async Task<SnapshotInfo> CutAsync(ModelSpec spec, int until)
    {
        var workers = await BeginAsync(spec);
        await TrainAsync(workers, until);
        var taking = Server.TakeSnapshotAsync(spec.Name, Limit);
        return await (spec.Consistency.Mode == ConsistencyMode.BulkSynchronous ? taking : TakenAsync(taking, workers));
    }

    private async Task RecreateAsync(ModelSpec spec)
    {
        await Server.DeleteModelAsync(spec.Name, Limit);
        await CreateAsync(spec);
    }

    private async Task<TensorSet> ValuesAsync(ModelSpec spec)
    {
        await using var reader = await Server.OpenReaderAsync(spec.Name, Limit);
        var values = TensorSet.For(spec);
        await reader.ReadLatestAsync(values, Limit);
        return values;
    }

    private async Task<TensorSet> TrainAsync(IParameterWorker[] workers, int until)
    {
        while (workers[0].Position.Step < until) await StepAsync(workers, workers[0].Position.Step);
        return await ValuesAsync(workers[0].Spec);
    }

    /// <summary>One step of all workers, one after the other, so that sums don't depend on who is faster.</summary>
    private async Task<TensorSet> StepAsync(IParameterWorker[] workers, long seed)
    {
        foreach (var worker in workers)
        {
            var gradient = new TensorSet();
            foreach (var parameter in (DenseParameter[])[s_a, s_b, s_c])
                gradient.Add(parameter.Name, Noise.Array(parameter.Length, parameter.Length, worker.Rank, seed));
            await worker.PushAsync(gradient, Limit);
        }
        await Crowd.ClockAsync(workers, Limit);
        return await ValuesAsync(workers[0].Spec);
    }
}
