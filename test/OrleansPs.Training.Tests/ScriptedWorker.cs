namespace OrleansPs.Training.Tests;

/// <summary>
/// A worker that nobody else trains with: SGD on its own copy. It can be told to restart a step, and makes time pass, so
/// that what a trainer does and measures can be checked to the tick.
/// </summary>
internal sealed class ScriptedWorker(IReadOnlyList<DenseParameter> parameters, Action<string>? onCall = null) : IParameterWorker
{
    private const float Lr = 0.1f;
    private readonly Dictionary<string, float[]> _values = parameters.ToDictionary(p => p.Name, p => new float[p.Length]);

    public List<string> Calls { get; } = [];

    public HashSet<int> RestartAtPush { get; } = [];

    /// <summary>
    /// When the rank says that it has no more data, the model has been put back to these positions, one after the other: each takes
    /// effect with the next resume.
    /// </summary>
    public Queue<WorkerPosition> RestoreAtEnd { get; } = new();

    /// <summary>Where a resumed worker goes on; null for where it was.</summary>
    public WorkerPosition? ResumeAt { get; init; }

    public IReadOnlyDictionary<string, float[]> Values => _values;

    public string Model => "scripted";

    public ConsistencyPolicy Consistency { get; init; } = ConsistencyPolicy.BulkSynchronous;

    public ModelSpec Spec => new("scripted") { Parameters = parameters, Optimizer = Optimizer.Sgd(Lr), Consistency = Consistency };

    public int Rank { get; init; }

    public WorkerPosition Position { get; set; }

    public TrainingPolicy Policy => TrainingPolicy.Of(Spec);

    public ValueTask PullAsync(TensorSet values, CancellationToken cancellationToken = default)
    {
        Call("pull");
        foreach (var (name, memory) in values) _values[name].CopyTo(memory);
        return ValueTask.CompletedTask;
    }

    public ValueTask PushAsync(TensorSet gradients, CancellationToken cancellationToken = default)
    {
        Call("push");
        if (RestartAtPush.Remove(Calls.Count(c => c == "push")))
            throw new StepRestartException(StepRestartReason.StepClosed, "The round closed.");
        foreach (var (name, memory) in gradients)
            for (var i = 0; i < memory.Length; i++) _values[name][i] -= Lr * memory.Span[i];
        return ValueTask.CompletedTask;
    }

    public ValueTask PushPullAsync(TensorSet gradients, TensorSet values, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException();

    public ValueTask PullRowsAsync(RowSet rows, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public ValueTask PushRowsAsync(RowSet gradients, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public ValueTask PushPullRowsAsync(RowSet gradients, RowSet rows, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public void Prefetch(TensorSet values) => Call("prefetch");

    public ValueTask<ClockResult> ClockAsync(long cursor, CancellationToken cancellationToken = default)
    {
        Call("clock");
        Position = Position with { Step = Position.Step + 1, Clock = Position.Clock + 1, Cursor = cursor };
        return ValueTask.FromResult(new ClockResult(Position.Clock, Position.Clock - 2));
    }

    public async Task OutOfDataAsync(CancellationToken cancellationToken = default)
    {
        await CallAsync("out of data");
        if (RestoreAtEnd.Count > 0) throw new StepRestartException(StepRestartReason.ModelRestored, "The model was put back.");
    }

    public async Task<WorkerPosition> ResumeAsync(CancellationToken cancellationToken = default)
    {
        await CallAsync("resume");
        cancellationToken.ThrowIfCancellationRequested();
        Position = RestoreAtEnd.TryDequeue(out var restored) ? restored : ResumeAt ?? Position;
        return Position;
    }

    public Task SaveResidualsAsync(Stream destination, CancellationToken cancellationToken = default) => CallAsync("save residuals");

    public Task LoadResidualsAsync(Stream source, CancellationToken cancellationToken = default) => CallAsync("load residuals");

    public Task LeaveAsync(CancellationToken cancellationToken = default) => CallAsync("leave");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private Task CallAsync(string name)
    {
        Call(name);
        return Task.CompletedTask;
    }

    private void Call(string name)
    {
        Calls.Add(name);
        onCall?.Invoke(name);
    }
}
