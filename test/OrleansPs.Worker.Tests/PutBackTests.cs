using OrleansPs.Train;
using OrleansPs.Training;

namespace OrleansPs.Worker.Tests;

/// <summary>A model that is put back when one of its two workers is done and the other, which the test plays, still trains.</summary>
public sealed class PutBackTests : IDisposable
{
    // 240 images in batches of 4: 30 of each worker an epoch.
    private const int Steps = 60;

    private static readonly string[] s_options = ["--workers", "2", "--epochs", "2", "--snapshot-every", "1000"];

    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(2));

    private CancellationToken Limit => _limit.Token;

    public void Dispose() => _limit.Dispose();

    [Fact]
    public async Task Whoever_is_done_does_its_part_again_and_the_end_is_bit_for_bit_that_of_an_undisturbed_training()
    {
        await using var bench = await Bench.StartAsync();
        var (undisturbed, file) = (bench.File("undisturbed"), bench.File("restored"));
        (await bench.WorkAsync(Limit, [.. s_options, "--rank", "0-1", "--export", undisturbed])).Succeeded();
        await bench.Server.DeleteModelAsync(PerceptronOptions.JobName, Limit);

        var running = bench.WorkAsync(Limit, [.. s_options, "--rank", "0", "--export", file]);
        await bench.AwaitAsync(s => s.Workers[0].Status == WorkerStatus.Live);
        await using var other = await OtherWorker.JoinAsync(bench, Limit);
        await other.StepAsync(until: 5, Limit);
        var cut = (await bench.Server.TakeSnapshotAsync(PerceptronOptions.JobName, Limit)).Cut;
        // What an expired lease does: rank 0 no longer waits, and comes to its end.
        await bench.Server.EvictAsync(PerceptronOptions.JobName, 1, Limit);
        await bench.AwaitAsync(s => s.Workers[0].Status == WorkerStatus.OutOfData);
        await other.StepAsync(until: 8, Limit);
        Assert.False(running.IsCompleted);
        await bench.Server.RestoreAsync(PerceptronOptions.JobName, new() { Cut = cut }, Limit);
        await other.StepAsync(until: Steps, Limit);
        await other.EndAsync(Limit);

        Assert.Equal(
        [
            "rank 0: joined at the beginning of its data",
            $"rank 0: done with all of its data after {Steps} steps; staleness at most 0",
            $"rank 0: the model was put back: went on from cut {cut} at step 5",
            $"rank 0: done with all of its data after {Steps} steps; staleness at most 0",
        ], (await running).Succeeded().Lines.Take(4));
        Assert.Equal(await File.ReadAllBytesAsync(undisturbed, Limit), await File.ReadAllBytesAsync(file, Limit));
    }

    /// <summary>Rank 1, step by step as the test says.</summary>
    private sealed class OtherWorker(IParameterWorker worker, ImageObjective objective, BatchPlan plan) : IAsyncDisposable
    {
        public static async Task<OtherWorker> JoinAsync(Bench bench, CancellationToken limit)
        {
            var images = FashionMnist.Load(bench.Data).Train;
            var settings = new PerceptronSettings { Workers = 2, Shards = 2, Hidden = [12], Batch = 4, Epochs = 2 };
            return new(
                await bench.Server.JoinAsync(PerceptronOptions.JobName, 1, cancellationToken: limit),
                new(new([images.Features, 12, images.Classes], settings.Batch), images), new(images.Count, settings.ToTrainerOptions()));
        }

        public async Task StepAsync(int until, CancellationToken limit)
        {
            while (worker.Position.Cursor < until)
                await worker.RunStepAsync(async (position, cancel) =>
                {
                    await worker.PullAsync(objective.Parameters, cancel);
                    objective.ComputeGradients(plan.BatchOf(1, position));
                    await worker.PushAsync(objective.Gradients, cancel);
                    return position.Cursor + 1;
                }, limit);
        }

        public Task EndAsync(CancellationToken limit) => worker.OutOfDataAsync(limit);

        public ValueTask DisposeAsync() => worker.DisposeAsync();
    }
}
