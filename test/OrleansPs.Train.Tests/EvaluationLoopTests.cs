using System.Globalization;
using OrleansPs.Training;
using OrleansPs.Training.Tests;

namespace OrleansPs.Train.Tests;

/// <summary>Evaluations that can't read just then.</summary>
public sealed class EvaluationLoopTests : IDisposable
{
    private static readonly int[] s_sizes = [16, 12, 10];
    private readonly TempDirectory _directory = new();
    private readonly StringWriter _warnings = new(CultureInfo.InvariantCulture);
    private readonly RunMonitor _monitor = new([default], 4, new(2, 2, 1), TimeProvider.System);

    public void Dispose()
    {
        _directory.Dispose();
        _warnings.Dispose();
    }

    [Fact]
    public async Task One_that_cannot_read_is_left_out_and_said_and_the_next_is_done()
    {
        var reader = new MoodyReader(new ServerUnavailableException("the model never held still"));
        var loop = Loop(reader);
        var running = loop.RunAsync(default);
        Step();
        Step();
        while (reader.Reads == 0) await Task.Yield();
        Assert.False(loop.IsUpToDate);
        Step();
        Step();
        _monitor.End();
        await running;

        Assert.Equal("train: the evaluation at epoch 1 is left out: the model never held still", _warnings.ToString().Trim());
        Assert.Equal([2.0], _monitor.Read().Evaluations.Select(e => e.Epoch));
        Assert.True(loop.IsUpToDate);
    }

    [Fact]
    public async Task Where_the_last_could_not_read_what_was_trained_is_not_evaluated_yet()
    {
        var loop = Loop(new MoodyReader(new ServerUnavailableException("the model never held still")));
        for (var i = 0; i < 4; i++) Step();
        _monitor.End();
        await loop.RunAsync(default);
        Assert.False(loop.IsUpToDate);

        await loop.TryEvaluateAsync(new(2, 1, 0), default);
        Assert.True(loop.IsUpToDate);
    }

    [Fact]
    public async Task An_error_that_does_not_pass_ends_the_loop()
    {
        var loop = Loop(new MoodyReader(new UnknownParameterException("w", ["v"])));
        for (var i = 0; i < 4; i++) Step();
        _monitor.End();
        await Assert.ThrowsAsync<UnknownParameterException>(() => loop.RunAsync(default));
    }

    [Fact]
    public void Snapshots_of_this_model_are_counted_when_they_are_complete()
    {
        using var count = new SnapshotCount("counted");
        using var meter = new System.Diagnostics.Metrics.Meter("OrleansPs.Server");
        var completed = meter.CreateCounter<long>("orleansps.server.snapshots");
        var failed = meter.CreateCounter<long>("orleansps.server.failed_snapshots");
        completed.Add(1, new KeyValuePair<string, object?>("model", "counted"));
        completed.Add(1, new KeyValuePair<string, object?>("model", "another"));
        failed.Add(1, new KeyValuePair<string, object?>("model", "counted"));
        completed.Add(1, new KeyValuePair<string, object?>("model", "counted"));
        Assert.Equal(2, count.Completed);
    }

    private EvaluationLoop Loop(MoodyReader reader)
    {
        Idx.WriteDataSet(_directory.Path, train: 20, test: 10);
        return new(reader, new Evaluator(s_sizes, FashionMnist.Load(_directory.Path).Test), _monitor, _warnings);
    }

    private void Step() => _monitor.OnStep(new(0, 0, 0, 0, 0, 0, 1, 10, default));

    /// <summary>Its first read fails.</summary>
    private sealed class MoodyReader(Exception first) : IParameterReader
    {
        private int _reads;

        public int Reads => Volatile.Read(ref _reads);

        public string Model => "m";

        public ModelSpec Spec => throw new NotSupportedException();

        public ValueTask<long> ReadLatestAsync(TensorSet values, CancellationToken cancellationToken = default) =>
            Interlocked.Increment(ref _reads) == 1 ? ValueTask.FromException<long>(first) : ValueTask.FromResult(1L);

        public Task<SnapshotInfo> ReadSnapshotAsync(long? cut, TensorSet values, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public ValueTask<long> ReadLatestRowsAsync(RowSet rows, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public IAsyncEnumerable<TableRows> ReadTableAsync(long? cut, string table, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
