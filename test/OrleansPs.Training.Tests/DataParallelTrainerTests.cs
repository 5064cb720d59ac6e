using Microsoft.Extensions.Time.Testing;

namespace OrleansPs.Training.Tests;

public sealed class DataParallelTrainerTests : IDisposable
{
    private static readonly int[] s_sizes = [16, 12, 10];
    private static readonly TrainerOptions s_options = new() { Epochs = 3, BatchSize = 10, Shards = 2, Seed = 3 };
    private readonly TempDirectory _directory = new();
    private readonly FashionMnist _data;

    public DataParallelTrainerTests()
    {
        Idx.WriteDataSet(_directory.Path, train: 105, test: 50);
        _data = FashionMnist.Load(_directory.Path);
    }

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_step_pulls_computes_pushes_and_clocks_and_the_end_is_told()
    {
        var worker = Worker();
        await Trainer(worker, s_options with { Epochs = 1 }).RunAsync();

        Assert.Equal([.. Enumerable.Repeat<string[]>(["pull", "push", "clock"], 5).SelectMany(c => c), "out of data"], worker.Calls);
        Assert.Equal(5, worker.Position.Cursor);
    }

    [Theory]
    [InlineData("SSP")]
    [InlineData("ASP")]
    public async Task A_prefetch_is_started_before_computing(string policy)
    {
        var worker = Worker(policy == "SSP" ? ConsistencyPolicy.StaleSynchronous(2) : ConsistencyPolicy.Asynchronous);
        await Trainer(worker, s_options with { Prefetch = true }).RunAsync();
        Assert.Equal(["pull", "prefetch", "push", "clock"], worker.Calls.Take(4));
    }

    [Fact]
    public async Task Under_BSP_nothing_is_prefetched_for_it_could_not_be_used()
    {
        var worker = Worker(ConsistencyPolicy.BulkSynchronous);
        await Trainer(worker, s_options with { Prefetch = true }).RunAsync();
        Assert.DoesNotContain("prefetch", worker.Calls);
    }

    [Fact]
    public async Task Training_makes_the_loss_smaller()
    {
        var losses = new List<double>();
        await Trainer(Worker(), s_options with { Epochs = 30 }).RunAsync(r => losses.Add(r.Loss));
        Assert.True(losses.TakeLast(5).Average() < losses.Take(5).Average() / 2, string.Join(" ", losses));
    }

    [Fact]
    public async Task A_step_that_has_to_be_done_again_takes_the_same_data()
    {
        var (calm, troubled) = (Worker(), Worker());
        troubled.RestartAtPush.UnionWith([1, 4, 9]);
        await Trainer(calm, s_options).RunAsync();
        await Trainer(troubled, s_options).RunAsync();

        Assert.Equal(3, troubled.Calls.Count(c => c == "resume"));
        Assert.Equal(calm.Values, troubled.Values);
    }

    [Fact]
    public async Task Reports_of_a_model_that_was_put_back_are_of_the_steps_that_were_done()
    {
        var worker = new ScriptedWorker(Mlp.ParametersOf(s_sizes)) { Rank = 1, ResumeAt = new(2, 2, 2) };
        worker.RestartAtPush.Add(5);
        var reports = new List<StepReport>();
        await Trainer(worker, s_options with { Epochs = 1 }).RunAsync(reports.Add);

        Assert.Equal([(0, 1), (1, 2), (2, 3), (3, 4), (2, 3), (3, 4), (4, 5)], reports.Select(r => (r.Step, r.Cursor)));
    }

    [Fact]
    public async Task A_trainer_that_is_stopped_goes_on_from_the_cursor_as_if_it_had_not_been()
    {
        var (whole, broken) = (Worker(), Worker());
        await Trainer(whole, s_options).RunAsync();
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            Trainer(broken, Slow).RunAsync(r => { if (r.Cursor == 7) stop.Cancel(); }, stop.Token));
        Assert.Equal(7, broken.Position.Cursor);

        await Trainer(broken, s_options).RunAsync();

        Assert.Equal(whole.Values, broken.Values);
        Assert.Equal("out of data", broken.Calls[^1]);
    }

    [Fact]
    public async Task A_model_that_is_put_back_after_the_last_step_is_trained_to_the_end_again()
    {
        var worker = Worker();
        worker.RestoreAtEnd.Enqueue(new(12, 12, 12));
        worker.RestoreAtEnd.Enqueue(new(14, 14, 14));
        var steps = new List<long>();
        await Trainer(worker, s_options).RunAsync(r => steps.Add(r.Step));

        Assert.Equal([.. Enumerable.Range(0, 15), 12, 13, 14, 14], steps);
        string[] calls = [.. worker.Calls.Where(c => c is "clock" or "resume" or "out of data")];
        Assert.Equal(["out of data", "resume", "clock", "clock", "clock", "out of data", "resume", "clock", "out of data"], calls[15..]);
        Assert.Equal(15, worker.Position.Cursor);
    }

    [Fact]
    public async Task A_model_that_is_put_back_to_its_end_has_nothing_more_to_do()
    {
        var worker = Worker();
        worker.Position = new(15, 15, 15);
        worker.RestoreAtEnd.Enqueue(new(15, 15, 15));
        await Trainer(worker, s_options).RunAsync();
        Assert.Equal(["out of data", "resume", "out of data"], worker.Calls);
    }

    [Fact]
    public async Task A_trainer_that_is_stopped_while_it_resumes_at_the_end_stops()
    {
        using var stop = new CancellationTokenSource();
        var worker = new ScriptedWorker(Mlp.ParametersOf(s_sizes), call => { if (call == "out of data") stop.Cancel(); }) { Rank = 1 };
        worker.RestoreAtEnd.Enqueue(new(12, 12, 12));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Trainer(worker, s_options).RunAsync(null, stop.Token));
        Assert.Equal("resume", worker.Calls[^1]);
    }

    [Fact]
    public async Task A_finished_rank_only_says_so()
    {
        var worker = Worker();
        worker.Position = new(15, 15, 15);
        await Trainer(worker, s_options).RunAsync();
        Assert.Equal(["out of data"], worker.Calls);
    }

    [Fact]
    public async Task A_report_tells_where_the_time_went()
    {
        var time = new FakeTimeProvider();
        var worker = new ScriptedWorker(Mlp.ParametersOf(s_sizes), call => time.Advance(TimeSpan.FromMilliseconds(call switch
        {
            "pull" => 1,
            "push" => 20,
            "clock" => 300,
            _ => 0,
        }))) { Rank = 1 };
        var reports = new List<StepReport>();
        await new DataParallelTrainer(worker, Objective(), s_options, time).RunAsync(reports.Add);

        Assert.Equal(15, reports.Count);
        Assert.All(reports, r => Assert.Equal(new StepTime(default, TimeSpan.FromMilliseconds(21), TimeSpan.FromMilliseconds(300)), r.Time));
        Assert.All(reports, r => Assert.Equal((1, 2L, 10), (r.Rank, r.Staleness, r.Examples)));
        Assert.Equal(Enumerable.Range(0, 15).Select(i => (long)i), reports.Select(r => r.Step));
        Assert.Equal(Enumerable.Range(1, 15).Select(i => (long)i), reports.Select(r => r.Cursor));
        Assert.Equal(Enumerable.Range(0, 15).Select(i => i / 5), reports.Select(r => r.Epoch));
    }

    [Fact]
    public async Task A_straggling_step_lasts_as_long_as_its_pattern_says()
    {
        var pattern = StragglerPattern.Passing(TimeSpan.FromSeconds(1), 0.5, 4, seed: 9);
        var reports = new List<StepReport>();
        var options = s_options with { Stragglers = pattern };
        await new DataParallelTrainer(Worker(), Objective(), options, new InstantTime()).RunAsync(reports.Add);

        Assert.Equal(reports.Select(r => pattern.TimeOf(1, r.Step)), reports.Select(r => r.Time.Compute));
        Assert.Equal(2, reports.Select(r => r.Time.Compute).Distinct().Count());
    }

    [Fact]
    public void An_evaluation_counts_the_images_whose_class_was_found()
    {
        var evaluator = new Evaluator(s_sizes, _data.Test);
        evaluator.Parameters["layer1.bias"].Span[2] = 1;
        var expected = Enumerable.Range(0, 50).Count(i => _data.Test.Label(i) == 2) / 50.0;

        var evaluation = evaluator.Evaluate();

        Assert.Equal(50, evaluation.Examples);
        Assert.Equal(expected, evaluation.Score);
        Assert.Equal(Math.Log(9 + Math.E) - expected, evaluation.Loss, 1e-5);
    }

    [Fact]
    public void A_perceptron_that_does_not_fit_the_images_is_refused() =>
        Assert.Throws<ArgumentException>(() => new ImageObjective(new Mlp([15, 10], 1), _data.Train));

    private static TrainerOptions Slow => s_options with { Stragglers = StragglerPattern.None(TimeSpan.FromMilliseconds(1)) };

    private static ScriptedWorker Worker(ConsistencyPolicy? consistency = null)
    {
        var worker = new ScriptedWorker(Mlp.ParametersOf(s_sizes)) { Rank = 1, Consistency = consistency ?? ConsistencyPolicy.BulkSynchronous };
        var seed = 21;
        foreach (var values in worker.Values.Values) MatMulTests.Numbers(seed++, values.Length).CopyTo(values, 0);
        return worker;
    }

    private ImageObjective Objective() => new(new(s_sizes, s_options.BatchSize), _data.Train);

    private DataParallelTrainer Trainer(ScriptedWorker worker, TrainerOptions options) => new(worker, Objective(), options);
}
