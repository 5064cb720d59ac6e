namespace OrleansPs.Conformance;

/// <summary>A model can be given its first values, and its values at a cut can be taken out, piece by piece.</summary>
public abstract class LoadConformance(ConformanceHost host) : HostTests(host)
{
    private static readonly DenseParameter[] s_parameters =
    [
        new("first", [10, 7], Initializer.Normal()), new("large", [3, 1500], Initializer.Uniform(-1, 1)), new("last", [5]),
    ];

    [Theory]
    [InlineData("BSP")]
    [InlineData("SSP")]
    [InlineData("ASP")]
    public async Task A_model_begins_with_the_values_it_is_given(string mode)
    {
        var spec = SpecOf(mode);
        await CreateAsync(spec);
        var values = ValuesOf(spec, seed: 5);

        var report = await Server.LoadAsync(spec.Name, new TensorWeights(spec.Parameters, values), null, Limit);

        Assert.True(report.IsComplete);
        Assert.Equal(["first", "large", "last"], report.Loaded);
        Tensors.SameBits(Tensors.Flat(values), await ReadAsync(spec));
        var workers = await JoinAllAsync(spec.Name, 2);
        Assert.All(workers, w => Assert.Equal((0, 0, 0), (w.Position.Step, w.Position.Clock, w.Position.Cursor)));
    }

    [Theory]
    [MemberData(nameof(Optimizers.All), MemberType = typeof(Optimizers))]
    public async Task It_trains_on_as_if_these_had_always_been_its_first_values(string optimizer)
    {
        // One whose first values come from its initializer, and one that is given the same.
        var born = SpecOf("BSP") with { Optimizer = Optimizers.Of(optimizer), Schedule = LearningRateSchedule.Step(2, 0.5) };
        var given = born with { Name = NewName(), Seed = 99 };
        await CreateAsync(born);
        var first = TensorSet.For(born);
        await using (var reader = await Server.OpenReaderAsync(born.Name, Limit)) await reader.ReadLatestAsync(first, Limit);
        var expected = await TrainAsync(await JoinAllAsync(born.Name, 2), steps: 5);

        await CreateAsync(given);
        await TrainAsync(await JoinAllAsync(given.Name, 2), steps: 3);
        await Server.LoadAsync(given.Name, new TensorWeights(given.Parameters, first), null, Limit);

        Tensors.SameBits(expected, await TrainAsync(await JoinAllAsync(given.Name, 2), steps: 5));
    }

    [Fact]
    public async Task Live_workers_are_told_and_go_on_at_the_beginning()
    {
        var spec = SpecOf("SSP");
        var workers = await BeginAsync(spec);
        await TrainAsync(workers, steps: 1);
        var values = ValuesOf(spec, seed: 6);

        await Server.LoadAsync(spec.Name, new TensorWeights(spec.Parameters, values), null, Limit);

        var e = await Assert.ThrowsAsync<StepRestartException>(() => workers[0].PushAsync(values, Limit).AsTask());
        Assert.Equal(StepRestartReason.ModelRestored, e.Reason);
        Assert.Equal((0, 0), ((await workers[0].ResumeAsync(Limit)).Step, workers[0].Position.Cursor));
    }

    [Fact]
    public async Task What_does_not_match_is_refused_and_changes_nothing()
    {
        var spec = SpecOf("BSP");
        await CreateAsync(spec);
        var before = await Untouched.RememberAsync(Server, spec, Limit);

        var e = await Assert.ThrowsAsync<WeightMismatchException>(() => Server.LoadAsync(spec.Name, Odd(), null, Limit));

        Assert.Equal("missing: 'last'; unexpected: 'other'; mismatched: 'first' is [7, 10], not [10, 7]", e.Differences);
        await before.RequireAsync();
        Assert.Empty(await Server.ListSnapshotsAsync(spec.Name, Limit));
        await Assert.ThrowsAsync<UnknownModelException>(() => Server.LoadAsync("nobody", Odd(), null, Limit));
    }

    [Fact]
    public async Task What_matches_is_taken_if_that_is_asked_for_and_the_rest_has_its_first_values()
    {
        var spec = SpecOf("BSP");
        await CreateAsync(spec);
        var first = await ReadAsync(spec);
        await TrainAsync(await JoinAllAsync(spec.Name, 2), steps: 2);

        var report = await Server.LoadAsync(spec.Name, Odd(), new() { Partial = true }, Limit);

        Assert.Equal(["large", "last", "other"], [.. report.Loaded, .. report.Missing, .. report.Unexpected]);
        Assert.Single(report.Missing);
        Assert.Single(report.Unexpected);
        Assert.Equal([new("first", "[10, 7]", "[7, 10]")], report.Mismatched);
        var now = await ReadAsync(spec);
        Tensors.SameBits(first.AsMemory(0, 70), now.AsMemory(0, 70));
        Tensors.SameBits(Noise.Array(4500, 8), now.AsMemory(70, 4500));
        Tensors.SameBits(first.AsMemory(4570), now.AsMemory(4570));
    }

    [Fact]
    public async Task A_model_that_was_given_values_can_be_put_back_to_them()
    {
        var spec = SpecOf("BSP");
        await CreateAsync(spec);
        var values = ValuesOf(spec, seed: 7);
        var report = await Server.LoadAsync(spec.Name, new TensorWeights(spec.Parameters, values), null, Limit);
        await TrainAsync(await JoinAllAsync(spec.Name, 2), steps: 2);
        var later = await Server.TakeSnapshotAsync(spec.Name, Limit);

        Assert.True(later.Cut > report.Snapshot!.Cut);
        Assert.Equal(report.Snapshot, await Server.RestoreAsync(spec.Name, new() { Cut = report.Snapshot.Cut }, Limit));

        Tensors.SameBits(Tensors.Flat(values), await ReadAsync(spec));
    }

    [Theory]
    [InlineData("BSP")]
    [InlineData("ASP")]
    public async Task Values_are_loaded_while_workers_push_and_take_snapshots(string mode)
    {
        var spec = Ledgers.Spec(NewName(), mode, workers: 2) with { Durability = DurabilityPolicy.Snapshot(everyClocks: 1, keep: 50) };
        var workers = await BeginAsync(spec);
        using var stop = new CancellationTokenSource();
        var running = Crowd.RunAsync(workers, async (worker, end) =>
        {
            while (!stop.IsCancellationRequested) await Ledgers.RunStepAsync(worker, end);
            await Ledgers.EndDataAsync(worker, end);
        }, Limit);
        for (var i = 0; i < 6; i++)
            await Server.LoadAsync(spec.Name, new TensorWeights(spec.Parameters, Tensors.Full(spec, 1000 * i)), null, Limit);
        await stop.CancelAsync();
        await running;

        var steps = workers.Sum(w => w.Position.Step);
        var sums = await ReadAsync(spec);
        Tensors.AllAre(5000 + steps, sums.AsMemory(0, 1024));
        Tensors.AllAre(5000 - steps, sums.AsMemory(1024));
    }

    [Fact]
    public async Task The_values_at_a_cut_are_read_in_pieces_also_when_the_model_is_gone()
    {
        var spec = SpecOf("BSP");
        var workers = await BeginAsync(spec);
        await TrainAsync(workers, steps: 2);
        var then = await ReadAsync(spec);
        var cut = await Server.TakeSnapshotAsync(spec.Name, Limit);
        await TrainAsync(workers, steps: 1);
        var newest = await Server.TakeSnapshotAsync(spec.Name, Limit);
        await Server.DeleteModelAsync(spec.Name, Limit);

        var weights = await Server.OpenSnapshotAsync(spec.Name, cut.Cut, Limit);
        Assert.Equal(cut, weights.Snapshot);
        Assert.Equal(newest, (await Server.OpenSnapshotAsync(spec.Name, null, Limit)).Snapshot);
        Assert.Equal(spec.Name, weights.Spec.Name);
        Assert.Equal(["first [10, 7]", "large [3, 1500]", "last [5]"], weights.Tensors.Select(t => $"{t.Name} {t.ShapeText}"));
        var at = 0;
        foreach (var parameter in s_parameters)
        {
            var values = new float[parameter.Length];
            for (var start = 0; start < values.Length; start += 999)
                await weights.ReadAsync(parameter.Name, start, values.AsMemory(start, Math.Min(999, values.Length - start)), Limit);
            Tensors.SameBits(then.AsMemory(at, values.Length), values);
            at += values.Length;
        }
        await Assert.ThrowsAsync<UnknownParameterException>(() => weights.ReadAsync("nothing", 0, new float[1], Limit).AsTask());
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => weights.ReadAsync("last", 3, new float[3], Limit).AsTask());
        var none = await Assert.ThrowsAsync<SnapshotNotFoundException>(() => Server.OpenSnapshotAsync(spec.Name, 99, Limit));
        Assert.Equal(99, none.Cut);
    }

    [Fact]
    public async Task A_model_is_loaded_from_a_cut_of_another_one()
    {
        var spec = SpecOf("BSP");
        await TrainAsync(await BeginAsync(spec), steps: 2);
        await Server.TakeSnapshotAsync(spec.Name, Limit);
        var copy = spec with { Name = NewName(), BlockBytes = 8192, Consistency = ConsistencyPolicy.Asynchronous };
        await CreateAsync(copy);

        await Server.LoadAsync(copy.Name, await Server.OpenSnapshotAsync(spec.Name, null, Limit), null, Limit);

        Tensors.SameBits(await ReadAsync(spec), await ReadAsync(copy));
    }

    /// <summary>One tensor that fits, one of another shape, one too many and one too few.</summary>
    private static TensorWeights Odd() => new(
        [new("first", [7, 10]), new("other", [2]), new("large", [3, 1500])],
        new() { { "first", new float[70] }, { "other", new float[2] }, { "large", Noise.Array(4500, 8) } });

    private ModelSpec SpecOf(string mode) => Ledgers.Spec(NewName(), mode, workers: 2) with
    {
        Parameters = s_parameters, Optimizer = Optimizer.Adam(lr: 0.01), BlockBytes = 4096, Reduction = Reduction.Mean,
    };

    private static TensorSet ValuesOf(ModelSpec spec, long seed)
    {
        var values = TensorSet.For(spec);
        Noise.Fill(values, seed, 0, 0);
        return values;
    }

    private async Task<float[]> TrainAsync(IParameterWorker[] workers, int steps)
    {
        var gradient = TensorSet.For(workers[0].Spec);
        for (var step = 0; step < steps; step++)
        {
            foreach (var worker in workers)
            {
                Noise.Fill(gradient, 17, worker.Rank, step);
                await worker.PushAsync(gradient, Limit);
            }
            await Crowd.ClockAsync(workers, Limit);
        }
        return await Tensors.PullAsync(workers[0], Limit);
    }
}
