using Microsoft.Extensions.Time.Testing;

namespace OrleansPs.Client.Tests;

/// <summary>
/// A session over a scripted service under a clock that the test moves. Everything runs on the test's thread, in order:
/// after a call or a step of the clock, all that could happen has happened.
/// </summary>
internal sealed class Rig : IAsyncDisposable
{
    private int _nonces;

    private Rig(ModelSpec spec, bool prefetchOnPool)
    {
        Spec = spec;
        Spec.Validate();
        Transport = new(spec) { Time = Time };
        Environment = new(Time, 1, () => new Guid(++_nonces, 0, 0, new byte[8]), Metrics) { PrefetchOnPool = prefetchOnPool };
    }

    public ModelSpec Spec { get; }

    public ScriptedTransport Transport { get; }

    public FakeTimeProvider Time { get; } = new();

    public ClientMetrics Metrics { get; } = new();

    public SessionEnvironment Environment { get; }

    public WorkerSession Session { get; private set; } = null!;

    public static TimeSpan Second { get; } = TimeSpan.FromSeconds(1);

    /// <summary>A model of some parameters named a, b, ..., each filling one block of 1,024 floats.</summary>
    public static ModelSpec SpecOf(int parameters = 1, ConsistencyPolicy? consistency = null) => new("m")
    {
        Parameters = [.. Enumerable.Range(0, parameters).Select(i => new DenseParameter(((char)('a' + i)).ToString(), [1024]))],
        Optimizer = Optimizer.Sum(),
        Consistency = consistency ?? ConsistencyPolicy.BulkSynchronous,
        BlockBytes = 4096,
        MaxWorkers = 2,
        Lease = TimeSpan.FromSeconds(30),
    };

    public static Rig Of(ModelSpec? spec = null, bool prefetchOnPool = false)
    {
        // The test runner's context would move continuations to other threads. An asynchronous method can't take it away
        // from its caller.
        SynchronizationContext.SetSynchronizationContext(null);
        return new(spec ?? SpecOf(), prefetchOnPool);
    }

    public static Task<Rig> JoinAsync(ModelSpec? spec = null, WorkerOptions? options = null) => Of(spec).JoinedAsync(options);

    public async Task<WorkerSession> JoinAsync(WorkerOptions? options = null, CancellationToken cancellationToken = default) =>
        Session = await WorkerSession.JoinAsync(Transport, Spec, 0, options ?? new(), Environment, cancellationToken);

    /// <summary>Joins over another transport, which answers at once.</summary>
    public Rig JoinedOver(IParameterTransport transport)
    {
        var joining = WorkerSession.JoinAsync(transport, Spec, 0, new(), Environment, default);
        Assert.True(joining.IsCompleted);
        Session = joining.GetAwaiter().GetResult();
        return this;
    }

    /// <summary>Fresh memory for some parameters, each of 1,024 floats.</summary>
    public static TensorSet Tensors(params string[] names)
    {
        var set = new TensorSet();
        foreach (var name in names) set.Add(name, new float[1024]);
        return set;
    }

    /// <summary>Moves the clock in small steps, so that timers which set timers fire at their time.</summary>
    public void Pass(TimeSpan time)
    {
        var step = TimeSpan.FromMilliseconds(10);
        for (var passed = TimeSpan.Zero; passed < time; passed += step) Time.Advance(step);
    }

    /// <summary>Moves the clock until a call has ended.</summary>
    public void PassUntilEnd(Task call, TimeSpan? atMost = null)
    {
        var end = Time.GetUtcNow() + (atMost ?? TimeSpan.FromMinutes(5));
        while (!call.IsCompleted && Time.GetUtcNow() < end) Time.Advance(TimeSpan.FromMilliseconds(10));
        Assert.True(call.IsCompleted, "The call did not end.");
    }

    /// <summary>Moves the clock until a call has failed.</summary>
    public async Task<T> FailureOf<T>(ValueTask call) where T : Exception
    {
        var task = call.AsTask();
        PassUntilEnd(task);
        return await Assert.ThrowsAsync<T>(() => task);
    }

    public async ValueTask DisposeAsync()
    {
        if (Session is not null)
        {
            var disposal = Session.DisposeAsync().AsTask();
            PassUntilEnd(disposal);
            await disposal;
        }
        Metrics.Dispose();
    }

    private async Task<Rig> JoinedAsync(WorkerOptions? options)
    {
        await JoinAsync(options);
        return this;
    }
}
