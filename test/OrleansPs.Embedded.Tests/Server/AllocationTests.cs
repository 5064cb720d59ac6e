using System.Diagnostics;
using System.Reflection;
using OrleansPs.Client;
using OrleansPs.Conformance;

namespace OrleansPs.Embedded.Tests.Server;

/// <summary>Runs while nothing else does: what is counted is all that the process allocates.</summary>
[CollectionDefinition(nameof(AllocationTests), DisableParallelization = true)]
public sealed class AllocationCollection;

/// <summary>A test of code as the compiler makes it for users: without optimization every asynchronous call allocates its state.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OptimizedFactAttribute : FactAttribute
{
    public OptimizedFactAttribute()
    {
        var debuggable = typeof(WorkerSession).Assembly.GetCustomAttribute<DebuggableAttribute>();
        if (debuggable is { IsJITOptimizerDisabled: true }) Skip = "It needs a build with optimization: -c Release.";
    }
}

/// <summary>Pushes and pulls in steady state allocate next to nothing.</summary>
[Collection(nameof(AllocationTests))]
public sealed class AllocationTests() : HostTests(new EmbeddedHost())
{
    private const int Calls = 10_000;
    private const long BytesPerCall = 64;

    private static readonly DenseParameter OneMebibyte = new("w", [1 << 18]);

    [OptimizedFact]
    public async Task A_pull_allocates_at_most_64_bytes()
    {
        var worker = await JoinAsync();
        var values = TensorSet.For(worker.Spec);

        await RequireAsync(() => worker.PullAsync(values, Limit), worker);
    }

    [OptimizedFact]
    public async Task A_push_allocates_at_most_64_bytes()
    {
        var worker = await JoinAsync();
        var gradient = Tensors.Full(worker.Spec, 1);

        await RequireAsync(() => worker.PushAsync(gradient, Limit), worker);
    }

    [OptimizedFact]
    public async Task A_push_pull_allocates_at_most_64_bytes()
    {
        var worker = await JoinAsync();
        var (gradient, values) = (Tensors.Full(worker.Spec, 1), TensorSet.For(worker.Spec));

        await RequireAsync(() => worker.PushPullAsync(gradient, values, Limit), worker);
    }

    private async Task<IParameterWorker> JoinAsync() => (await BeginAsync(Spec(OneMebibyte) with
    {
        Optimizer = Optimizer.Sgd(), Consistency = ConsistencyPolicy.Asynchronous, BlockBytes = 64 << 10, PushesPerStep = 4096,
    }))[0];

    private async Task RequireAsync(Func<ValueTask> call, IParameterWorker worker)
    {
        await CallAsync(call, worker, 2 * Calls / 10, 0);
        var allocated = 0L;
        for (var batch = 1; batch <= 10; batch++) allocated += await CallAsync(call, worker, Calls / 10, batch);
        Assert.True(allocated <= BytesPerCall * Calls, $"{allocated / (double)Calls:F1} bytes a call");
    }

    /// <summary>What some calls of one step allocate; the clock after them does not count.</summary>
    private async Task<long> CallAsync(Func<ValueTask> call, IParameterWorker worker, int calls, int step)
    {
        var before = GC.GetTotalAllocatedBytes(precise: true);
        for (var i = 0; i < calls; i++) await call();
        var allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
        await worker.ClockAsync(step + 1, Limit);
        return allocated;
    }
}
