namespace OrleansPs.Conformance;

/// <summary>A spec or a call of the server that breaks a rule is refused by name, value and rule, and changes nothing.</summary>
public abstract class BadSpecConformance(ConformanceHost host) : HostTests(host)
{
    private static readonly DenseParameter Weights = new("w", [40, 50], Initializer.Normal());

    private static readonly Dictionary<string, (Func<ModelSpec, ModelSpec> Break, string Parameter, string Value)> Broken = new()
    {
        ["no workers"] = (s => s with { Workers = 0 }, "Workers", "0"),
        ["fewer ranks than workers"] = (s => s with { Workers = 3, MaxWorkers = 2 }, "MaxWorkers", "2"),
        ["a negative lr"] = (s => s with { Optimizer = Optimizer.Sgd(lr: -0.5) }, "Optimizer.Lr", "-0.5"),
        ["an lr that is no number"] = (s => s with { Optimizer = Optimizer.Adam(lr: double.NaN) }, "Optimizer.Lr", "NaN"),
        ["a beta of 1"] = (s => s with { Optimizer = Optimizer.Adam(beta2: 1) }, "Optimizer.Beta2", "1"),
        ["nesterov without momentum"] = (s => s with { Optimizer = Optimizer.Sgd(nesterov: true) }, "Optimizer.Nesterov", "True"),
        ["a negative weight decay of a group"] = (s => s with { Groups = [new("g") { WeightDecay = -1 }] },
            "Groups['g'].WeightDecay", "-1"),
        ["a dimension of 0"] = (s => s with { Parameters = [new("z", [4, 0])] }, "Parameters['z'].Shape", "'[4, 0]'"),
        ["no parameters"] = (s => s with { Parameters = [] }, "Parameters", "0"),
        ["one name twice"] = (s => s with { Parameters = [Weights, Weights] }, "Parameters", "'w'"),
        ["an unknown group"] = (s => s with { Parameters = [Weights with { Group = "g" }] }, "Parameters['w'].Group", "'g'"),
        ["a block of 100 bytes"] = (s => s with { BlockBytes = 100 }, "BlockBytes", "100"),
        ["a lease of nothing"] = (s => s with { Lease = TimeSpan.Zero }, "Lease", "00:00:00"),
        ["a schedule of no steps"] = (s => s with { Schedule = LearningRateSchedule.Step(0) }, "Schedule.StepSize", "0"),
        ["a limit of clipping below 0"] = (s => s with { Clipping = GradientClipping.ByValue(-1) }, "Clipping.Limit", "-1"),
        ["no pushes"] = (s => s with { PushesPerStep = 0 }, "PushesPerStep", "0"),
        ["too little memory to stage"] = (s => s with { StagingBytes = 7999 }, "StagingBytes", "7999"),
        ["a snapshot before each clock"] = (s => s with { Durability = DurabilityPolicy.Snapshot(everyClocks: -1) },
            "Durability.EveryClocks", "-1"),
        ["no snapshot kept"] = (s => s with { Durability = DurabilityPolicy.Snapshot(keep: 0) }, "Durability.Keep", "0"),
        ["a name with a slash"] = (s => s with { Name = "a/b" }, "Name", "'a/b'"),
    };

    public static TheoryData<string> Rules => [.. Broken.Keys];

    [Theory]
    [MemberData(nameof(Rules))]
    public async Task A_spec_that_breaks_a_rule_is_refused_and_makes_no_model(string rule)
    {
        var (breaks, parameter, value) = Broken[rule];
        var spec = breaks(Spec(Weights));

        var e = await Assert.ThrowsAsync<InvalidSpecException>(() => Server.CreateModelAsync(spec, Limit));

        Assert.Equal(parameter, e.Parameter);
        Assert.StartsWith($"{parameter} is {value}: ", e.Message, StringComparison.Ordinal);
        Assert.EndsWith(e.Rule, e.Message, StringComparison.Ordinal);
        Assert.False(e.IsTransient);
        Assert.Empty(await Server.ListModelsAsync(Limit));
    }

    [Fact]
    public async Task A_staleness_below_0_is_refused()
    {
        var e = Assert.Throws<InvalidSpecException>(() => ConsistencyPolicy.StaleSynchronous(-1));

        Assert.Contains("Consistency.Staleness is -1", e.Message, StringComparison.Ordinal);
        Assert.Empty(await Server.ListModelsAsync(Limit));
    }

    [Fact]
    public async Task Creating_a_model_again_with_an_equal_spec_changes_nothing()
    {
        var spec = Spec(Weights);
        var worker = (await BeginAsync(spec))[0];
        await worker.PushAsync(Tensors.Full(spec, 1), Limit);
        await worker.ClockAsync(1, Limit);
        var before = await Untouched.RememberAsync(Server, spec, Limit);

        await Server.CreateModelAsync(spec with { Parameters = [Weights with { Shape = [40, 50] }] }, Limit);

        await before.RequireAsync();
        Assert.Equal([spec.Name], await Server.ListModelsAsync(Limit));
    }

    [Fact]
    public async Task A_differing_spec_of_an_existing_model_is_refused_with_the_difference()
    {
        var spec = Spec(Weights);
        await BeginAsync(spec);
        var before = await Untouched.RememberAsync(Server, spec, Limit);

        var lr = await Assert.ThrowsAsync<SpecMismatchException>(
            () => Server.CreateModelAsync(spec with { Optimizer = Optimizer.Sgd(lr: 0.25) }, Limit));
        var shape = await Assert.ThrowsAsync<SpecMismatchException>(
            () => Server.CreateModelAsync(spec with { Parameters = [Weights with { Shape = [40, 51] }] }, Limit));

        Assert.Contains("Optimizer", lr.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("40, 51", shape.Message, StringComparison.Ordinal);
        Assert.Contains($"'{spec.Name}'", shape.Message, StringComparison.Ordinal);
        await before.RequireAsync();
    }

    [Fact]
    public async Task An_unknown_model_is_named_in_every_refusal()
    {
        await CreateAsync(Spec(Weights));
        Func<Task>[] calls =
        [
            () => Server.GetStatusAsync("missing", Limit),
            () => Server.JoinAsync("missing", 0, null, Limit),
            () => Server.DeleteModelAsync("missing", Limit),
            () => Server.OpenReaderAsync("missing", Limit),
            () => Server.TakeSnapshotAsync("missing", Limit),
            () => Server.RestoreAsync("missing", null, Limit),
            () => Server.EvictAsync("missing", 0, Limit),
        ];

        foreach (var call in calls)
        {
            var e = await Assert.ThrowsAsync<UnknownModelException>(call);
            Assert.Equal("missing", e.Model);
            Assert.Contains("'missing'", e.Message, StringComparison.Ordinal);
        }
        Assert.Empty(await Server.ListSnapshotsAsync("missing", Limit));
        Assert.Single(await Server.ListModelsAsync(Limit));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(3)]
    [InlineData(int.MaxValue)]
    public async Task A_rank_out_of_range_is_refused(int rank)
    {
        var spec = Spec(Weights) with { Workers = 2, MaxWorkers = 3 };
        await CreateAsync(spec);
        var before = await Untouched.RememberAsync(Server, spec, Limit);

        var join = await Assert.ThrowsAsync<InvalidOptionsException>(() => Server.JoinAsync(spec.Name, rank, null, Limit));
        var evict = await Assert.ThrowsAsync<InvalidOptionsException>(() => Server.EvictAsync(spec.Name, rank, Limit));

        Assert.Equal([("rank", rank, "it must be 0 to 2."), ("rank", rank, "it must be 0 to 2.")],
            [(join.Parameter, (int)join.Value!, join.Rule), (evict.Parameter, (int)evict.Value!, evict.Rule)]);
        await before.RequireAsync();
    }

    [Fact]
    public async Task An_option_of_a_worker_out_of_range_is_refused()
    {
        var spec = Spec(Weights);
        await CreateAsync(spec);
        var before = await Untouched.RememberAsync(Server, spec, Limit);

        var e = await Assert.ThrowsAsync<InvalidOptionsException>(
            () => Server.JoinAsync(spec.Name, 0, new() { MaxInFlight = 0 }, Limit));

        Assert.Equal("MaxInFlight is 0: it must be 1 to 256.", e.Message);
        await before.RequireAsync();
    }

    [Fact]
    public async Task Evicting_a_rank_that_is_not_there_changes_nothing()
    {
        var spec = Spec(Weights) with { MaxWorkers = 3 };
        var worker = (await BeginAsync(spec))[0];
        await worker.LeaveAsync(Limit);
        var before = await Untouched.RememberAsync(Server, spec, Limit);

        await Server.EvictAsync(spec.Name, 2, Limit);
        await Server.EvictAsync(spec.Name, 0, Limit);

        await before.RequireAsync();
    }
}
