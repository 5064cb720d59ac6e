namespace OrleansPs.Conformance;

/// <summary>Optimizers, groups, schedules and clipping against plain loops.</summary>
public abstract class OptimizerConformance(ConformanceHost host) : HostTests(host)
{
    private const int Steps = 25;

    private static readonly DenseParameter Large = new("large", [1700], Initializer.Normal(0.5f));

    public static TheoryData<string> Optimizers => Conformance.Optimizers.All;

    [Theory]
    [MemberData(nameof(Optimizers))]
    public async Task An_optimizer_does_what_its_paper_says(string optimizer)
    {
        var worker = (await BeginAsync(Spec(Large) with { Optimizer = Conformance.Optimizers.Of(optimizer) }))[0];
        var reference = new Reference(worker.Spec.Optimizer, await Tensors.PullAsync(worker, Limit));

        await TrainAsync(worker, (step, gradient) => reference.Step(gradient));

        Tensors.Near(reference.Values, await Tensors.PullAsync(worker, Limit));
    }

    [Theory]
    [MemberData(nameof(Optimizers))]
    public async Task Two_pushes_of_one_step_are_one_update_under_BSP_and_two_under_ASP(string optimizer)
    {
        var bsp = Spec(Large) with { Optimizer = Conformance.Optimizers.Of(optimizer) };
        var asp = bsp with { Name = NewName(), Consistency = ConsistencyPolicy.Asynchronous };
        foreach (var spec in new[] { bsp, asp })
        {
            var worker = (await BeginAsync(spec))[0];
            var reference = new Reference(spec.Optimizer, await Tensors.PullAsync(worker, Limit));
            for (var step = 0; step < 8; step++)
            {
                var (a, b) = (Noise.Array(1700, 3, 0, step), Noise.Array(1700, 3, 1, step));
                await worker.PushAsync("large", a, Limit);
                await worker.PushAsync("large", b, Limit);
                await worker.ClockAsync(step + 1, Limit);
                float[][] updates = spec == asp ? [a, b] : [[.. a.Zip(b, (x, y) => x + y)]];
                foreach (var update in updates) reference.Step(update);
            }
            Tensors.Near(reference.Values, await Tensors.PullAsync(worker, Limit));
        }
    }

    [Fact]
    public async Task A_parameter_may_have_an_optimizer_of_its_own()
    {
        var special = new DenseParameter("special", [900]) { Optimizer = Optimizer.Adam(lr: 0.05) };
        var worker = (await BeginAsync(Spec(Large, special) with { Optimizer = Optimizer.Sgd(lr: 0.3) }))[0];
        var first = await Tensors.PullAsync(worker, Limit);
        var sgd = new Reference(worker.Spec.Optimizer, first[..1700]);
        var adam = new Reference(special.Optimizer, first[1700..]);

        await TrainAsync(worker, (_, gradient) =>
        {
            sgd.Step(gradient[..1700]);
            adam.Step(gradient[1700..]);
        });

        Tensors.Near([.. sgd.Values, .. adam.Values], await Tensors.PullAsync(worker, Limit));
    }

    [Fact]
    public async Task A_group_changes_the_lr_and_the_weight_decay_of_its_parameters()
    {
        var grouped = new DenseParameter("grouped", [800], Initializer.Constant(1)) { Group = "slow" };
        var spec = Spec(Large, grouped) with
        {
            Optimizer = Optimizer.Sgd(lr: 0.3),
            Groups = [new ParameterGroup("slow") { Lr = 0.01, WeightDecay = 0.5 }],
        };
        var worker = (await BeginAsync(spec))[0];
        var first = await Tensors.PullAsync(worker, Limit);
        var others = new Reference(Optimizer.Sgd(lr: 0.3), first[..1700]);
        var slow = new Reference(Optimizer.Sgd(lr: 0.01, weightDecay: 0.5), first[1700..]);

        await TrainAsync(worker, (_, gradient) =>
        {
            others.Step(gradient[..1700]);
            slow.Step(gradient[1700..]);
        });

        Tensors.Near([.. others.Values, .. slow.Values], await Tensors.PullAsync(worker, Limit));
    }

    [Theory]
    [InlineData(ConsistencyMode.BulkSynchronous)]
    [InlineData(ConsistencyMode.Asynchronous)]
    public async Task A_frozen_group_takes_pushes_and_stays_as_it_is(ConsistencyMode mode)
    {
        var frozen = new DenseParameter("frozen", [800], Initializer.Normal()) { Group = "frozen" };
        var spec = Spec(frozen, Large) with
        {
            Groups = [new ParameterGroup("frozen") { Frozen = true }],
            Consistency = mode == ConsistencyMode.Asynchronous ? ConsistencyPolicy.Asynchronous : ConsistencyPolicy.BulkSynchronous,
        };
        var worker = (await BeginAsync(spec))[0];
        var first = await Tensors.PullAsync(worker, Limit);

        await TrainAsync(worker, (_, _) => { });
        await worker.PushAsync("frozen", Noise.Array(800, 1), Limit);

        var last = await Tensors.PullAsync(worker, Limit);
        Tensors.SameBits(first.AsMemory(0, 800), last.AsMemory(0, 800));
        Assert.NotEqual(first[800], last[800]);
    }

    public static TheoryData<string> Schedules => ["step", "cosine", "warm-up", "warm-up, then step"];

    [Theory]
    [MemberData(nameof(Schedules))]
    public async Task A_schedule_follows_the_rounds_of_BSP(string schedule)
    {
        var worker = (await BeginAsync(Spec(Large) with { Optimizer = Optimizer.Sgd(lr: 0.2), Schedule = Of(schedule) }))[0];
        var reference = new Reference(worker.Spec.Optimizer, await Tensors.PullAsync(worker, Limit));

        await TrainAsync(worker, (step, gradient) => reference.Step(gradient, Factor(schedule, step)));

        Tensors.Near(reference.Values, await Tensors.PullAsync(worker, Limit));
    }

    [Fact]
    public async Task A_schedule_follows_the_clock_of_the_worker_that_pushes_under_ASP()
    {
        var parameter = new DenseParameter("w", [4]);
        var spec = Spec(parameter) with
        {
            Optimizer = Optimizer.Sgd(lr: 1), Schedule = Of("step"), Consistency = ConsistencyPolicy.Asynchronous, Workers = 2,
        };
        var workers = await BeginAsync(spec);
        var expected = 0.0;
        for (var step = 0; step < 9; step++)
        {
            await workers[0].PushAsync(Tensors.Full((parameter, 1)), Limit);
            expected -= Factor("step", step);
            await workers[0].ClockAsync(step + 1, Limit);
        }
        await workers[1].PushAsync(Tensors.Full((parameter, 1)), Limit);
        expected -= 1;

        Tensors.Near([expected, expected, expected, expected], await Tensors.PullAsync(workers[0], Limit));
    }

    [Fact]
    public async Task Clipping_by_value_limits_each_element()
    {
        var parameter = new DenseParameter("w", [4]);
        var worker = (await BeginAsync(Spec(parameter) with { Clipping = GradientClipping.ByValue(1.5) }))[0];
        float[] gradient = [-4, -1.5f, 1, 2];

        await worker.PushAsync("w", gradient, Limit);
        await worker.ClockAsync(1, Limit);

        Tensors.SameBits([-1.5f, -1.5f, 1, 1.5f], await Tensors.PullAsync(worker, Limit));
        Assert.Equal([-1.5f, -1.5f, 1, 1.5f], gradient);
    }

    [Fact]
    public async Task Clipping_by_global_norm_scales_all_gradients_of_a_call_by_one_factor()
    {
        var (a, b) = (new DenseParameter("a", [2]), new DenseParameter("b", [1200]));
        var worker = (await BeginAsync(Spec(a, b) with { Clipping = GradientClipping.ByGlobalNorm(2) }))[0];
        var gradient = Tensors.Full((a, 3), (b, 0.5f));
        var factor = 2 / (Math.Sqrt(2 * 9 + 1200 * 0.25) + 1e-6);

        await worker.PushAsync(gradient, Limit);
        await worker.ClockAsync(1, Limit);

        var values = await Tensors.PullAsync(worker, Limit);
        Tensors.Near([3 * factor, 3 * factor], values.AsMemory(0, 2));
        Tensors.Near([.. Enumerable.Repeat(0.5 * factor, 1200)], values.AsMemory(2));
    }

    [Fact]
    public async Task Clipping_leaves_gradients_within_the_limit_as_they_are()
    {
        var parameter = new DenseParameter("w", [100]);
        var worker = (await BeginAsync(Spec(parameter) with { Clipping = GradientClipping.ByGlobalNorm(1000) }))[0];
        var gradient = Noise.Array(100, 4);

        await worker.PushAsync("w", gradient, Limit);
        await worker.ClockAsync(1, Limit);

        Tensors.SameBits(Noise.Array(100, 4), await Tensors.PullAsync(worker, Limit));
    }

    private static LearningRateSchedule Of(string schedule) => schedule switch
    {
        "step" => LearningRateSchedule.Step(4, 0.5),
        "cosine" => LearningRateSchedule.Cosine(20, 0.1),
        "warm-up" => LearningRateSchedule.WarmUp(10, 0.25),
        _ => LearningRateSchedule.WarmUp(10, 0.25, LearningRateSchedule.Step(4, 0.5)),
    };

    private static double Factor(string schedule, long step) => schedule switch
    {
        "step" => Math.Pow(0.5, step / 4),
        "cosine" => step >= 20 ? 0.1 : 0.1 + 0.9 * (1 + Math.Cos(Math.PI * step / 20)) / 2,
        "warm-up" => step >= 10 ? 1 : 0.25 + 0.075 * step,
        _ => step >= 10 ? Math.Pow(0.5, (step - 10) / 4) : 0.25 + 0.075 * step,
    };

    private async Task TrainAsync(IParameterWorker worker, Action<long, float[]> observe)
    {
        var gradient = TensorSet.For(worker.Spec);
        for (var step = 0; step < Steps; step++)
        {
            Noise.Fill(gradient, 11, 0, step);
            observe(step, Tensors.Flat(gradient));
            await worker.PushAsync(gradient, Limit);
            await worker.ClockAsync(step + 1, Limit);
        }
    }
}
