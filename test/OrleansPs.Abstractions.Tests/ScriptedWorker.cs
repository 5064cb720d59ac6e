namespace OrleansPs.Abstractions.Tests;

/// <summary>A session that answers by a script and writes down what it was asked.</summary>
internal sealed class ScriptedWorker : IParameterWorker
{
    private readonly Queue<Exception?> _clocks = new();

    public List<string> Calls { get; } = [];

    public string Model => "m";

    public ModelSpec Spec { get; } = new("m") { Parameters = [new("w", [1])], Optimizer = Optimizer.Sgd() };

    public int Rank => 0;

    public WorkerPosition Position { get; set; } = new(5, 7, 320);

    public TrainingPolicy Policy => TrainingPolicy.Of(Spec);

    /// <summary>What <see cref="ResumeAsync"/> throws.</summary>
    public Exception? ResumeError { get; set; }

    /// <summary>Whether the service had counted the step when <see cref="ResumeAsync"/> is called.</summary>
    public bool HasCounted { get; set; }

    /// <summary>How the next calls of <see cref="ClockAsync"/> end; null is success, and so is the end of the script.</summary>
    public ScriptedWorker Clocks(params Exception?[] results)
    {
        foreach (var result in results) _clocks.Enqueue(result);
        return this;
    }

    public ValueTask PullAsync(TensorSet values, CancellationToken cancellationToken = default) => Note("pull", values);

    public ValueTask PushAsync(TensorSet gradients, CancellationToken cancellationToken = default) => Note("push", gradients);

    public ValueTask PushPullAsync(TensorSet gradients, TensorSet values, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public ValueTask PullRowsAsync(RowSet rows, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public ValueTask PushRowsAsync(RowSet gradients, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public ValueTask PushPullRowsAsync(RowSet gradients, RowSet rows, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public void Prefetch(TensorSet values) => throw new NotSupportedException();

    public ValueTask<ClockResult> ClockAsync(long cursor, CancellationToken cancellationToken = default)
    {
        Calls.Add($"clock {cursor}");
        cancellationToken.ThrowIfCancellationRequested();
        if (_clocks.TryDequeue(out var error) && error is not null) throw error;
        Position = new(Position.Step + 1, Position.Clock + 1, cursor);
        return new(new ClockResult(Position.Clock, Position.Clock));
    }

    public Task OutOfDataAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<WorkerPosition> ResumeAsync(CancellationToken cancellationToken = default)
    {
        Calls.Add("resume");
        if (ResumeError is not null) throw ResumeError;
        // Another session may have moved the rank on; the loop has to look anew.
        Position = Position with { Clock = Position.Clock + 10 };
        if (HasCounted) Position = Position with { Step = Position.Step + 1, Cursor = Position.Cursor + 64 };
        return Task.FromResult(Position);
    }

    public Task SaveResidualsAsync(Stream destination, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task LoadResidualsAsync(Stream source, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task LeaveAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public ValueTask DisposeAsync() => default;

    private ValueTask Note(string call, TensorSet set)
    {
        Calls.Add($"{call} {string.Join(",", set.Select(t => $"{t.Key}:{t.Value.Length}"))}");
        return default;
    }
}
