using System.Globalization;
using Microsoft.Extensions.Time.Testing;
using OrleansPs.Training;

namespace OrleansPs.Worker.Tests;

public sealed class DisplayTests : IDisposable
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
    private readonly StringWriter _output = new(CultureInfo.InvariantCulture) { NewLine = "\n" };

    public void Dispose() => _output.Dispose();

    [Fact]
    public void Progress_is_a_line_about_the_steps_since_the_last_one()
    {
        var display = Display(width: null, ranks: 2);
        display.OnStep(Report(0, step: 8, loss: 1, staleness: 3));
        display.OnStep(Report(1, step: 7, loss: 2, staleness: 1));
        Show(display, 5);
        display.OnStep(Report(1, step: 8, loss: 4, staleness: 0));
        Show(display, 5);
        Assert.Equal(
            "03:04:10 ranks 0-1: epoch 2, step 7: loss 1.500, staleness 3 (at most 3), 0.4 steps/s\n" +
            "03:04:15 ranks 0-1: epoch 2, step 8: loss 4.000, staleness 0 (at most 3), 0.2 steps/s\n", _output.ToString());
    }

    [Fact]
    public void Silence_is_said_less_and_less_often()
    {
        var display = Display(width: null, ranks: 1);
        for (var i = 0; i < 12; i++) Show(display, 5);
        display.OnStep(Report(0, step: 0, loss: 1, staleness: 0));
        Show(display, 5);
        display.Done(0, new(1, 1, 1));
        Show(display, 5);
        Assert.Equal(
            "03:04:10 rank 0: no step has ended for 5 s\n03:04:15 rank 0: no step has ended for 10 s\n" +
            "03:04:25 rank 0: no step has ended for 20 s\n03:04:45 rank 0: no step has ended for 40 s\n" +
            "03:05:10 rank 0: epoch 2, step 0: loss 1.000, staleness 0 (at most 0), 0.2 steps/s\n" +
            "03:05:10 rank 0: done with all of its data after 1 step; staleness at most 0\n03:05:15 rank 0: waits for the other workers to be done, for 5 s\n",
            _output.ToString());
    }

    [Fact]
    public void A_terminal_has_one_line_that_changes_below_the_others()
    {
        var display = Display(width: 30, ranks: 1);
        display.OnStep(Report(0, step: 8, loss: 1, staleness: 3));
        Show(display, 1);
        display.Joined(0, new(5, 5, 5) { RestoredCut = 2 });
        display.Result(EvaluationMetric.Accuracy, new(10, 0.5, 0.8924), null);
        const string erase = "\r\u001b[K", live = "rank 0: epoch 2, step 8: loss";
        Assert.Equal(
            $"{erase}{live}{erase}03:04:06 rank 0: joined at step 5, batch 5 of its data, from cut 2\n{erase}{live}{erase}test accuracy 0.8924\n",
            _output.ToString());
    }

    [Fact]
    public async Task A_job_that_fails_is_shown_to_its_end_and_fails()
    {
        var job = new TaskCompletionSource();
        var shown = Display(width: null, ranks: 1).ShowAsync(job.Task);
        job.SetException(new UnfinishedException("m"));
        Assert.Equal("m", (await Assert.ThrowsAsync<UnfinishedException>(() => shown)).Message);
    }

    [Theory]
    [InlineData(0, 9, 0, 7, "the model was put back: went on at step 7")]
    [InlineData(1, 9, 2, 9, "the model was put back: went on from cut 2 at step 9")]
    [InlineData(2, 9, 2, 7, "the model was put back: went on from cut 2 at step 7")]
    [InlineData(2, 9, 2, 10, "was restarted: went on at step 10")]
    public void Where_a_worker_goes_on_is_said(long cut, long step, long newCut, long newStep, string text)
    {
        Display(width: null, ranks: 1).Resumed(0,
            new WorkerPosition(step, step, step) { RestoredCut = cut }, new WorkerPosition(newStep, newStep, newStep) { RestoredCut = newCut });
        Assert.Equal($"03:04:05 rank 0: {text}\n", _output.ToString());
    }

    private JobDisplay Display(int? width, int ranks) => new(_output, width, _time, [.. Enumerable.Range(0, ranks)]);

    private void Show(JobDisplay display, int seconds)
    {
        _time.Advance(TimeSpan.FromSeconds(seconds));
        display.Show();
    }

    private static StepReport Report(int rank, long step, double loss, long staleness) =>
        new(rank, step, 1, step + 1, step + 1, staleness, loss, 4, default);
}
