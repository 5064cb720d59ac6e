using OrleansPs.Embedded;

namespace OrleansPs.Benchmarks;

/// <summary>
/// Pushes and pulls of one worker through an embedded server, beside a memcpy of as many payload bytes, and the bytes that
/// the whole process allocates for a call.
/// </summary>
internal static class EmbeddedSuite
{
    private const int Calls = 10_000;
    private const int PushesPerStep = 64;

    private sealed record Shape(string Name, int Floats, ConsistencyPolicy Consistency, Optimizer Optimizer);

    public static void Run()
    {
        Console.WriteLine("one worker, one parameter, blocks of 1 MiB, median of 31, in turns with memcpy of as many payload bytes");
        Console.WriteLine($"{"parameter",-22}{"call",-11}{"us",9}{"GB/s",8}{"memcpy GB/s",13}{"ratio",8}{"B/call",9}");
        foreach (var shape in Shapes()) MeasureAsync(shape).GetAwaiter().GetResult();
        EmbeddedRows.RunAsync().GetAwaiter().GetResult();
    }

    private static IEnumerable<Shape> Shapes() =>
    [
        new("4 KiB ASP sgd", 1 << 10, ConsistencyPolicy.Asynchronous, Optimizer.Sgd()),
        new("64 KiB ASP sgd", 1 << 14, ConsistencyPolicy.Asynchronous, Optimizer.Sgd()),
        new("1 MiB ASP sgd", 1 << 18, ConsistencyPolicy.Asynchronous, Optimizer.Sgd()),
        new("1 MiB ASP adam", 1 << 18, ConsistencyPolicy.Asynchronous, Optimizer.Adam()),
        new("1 MiB SSP(2) sgd", 1 << 18, ConsistencyPolicy.StaleSynchronous(2), Optimizer.Sgd()),
        new("1 MiB BSP sgd", 1 << 18, ConsistencyPolicy.BulkSynchronous, Optimizer.Sgd()),
        new("16 MiB ASP sgd", 1 << 22, ConsistencyPolicy.Asynchronous, Optimizer.Sgd()),
    ];

    private static async Task MeasureAsync(Shape shape)
    {
        await using var server = await EmbeddedParameterServer.StartAsync();
        await server.CreateModelAsync(new ModelSpec("m")
        {
            Parameters = [new("w", [shape.Floats])],
            Optimizer = shape.Optimizer,
            Consistency = shape.Consistency,
        });
        await using var worker = await server.JoinAsync("m", 0);
        var (gradient, values) = (new TensorSet { { "w", Touched(shape.Floats) } }, new TensorSet { { "w", Touched(shape.Floats) } });
        var cursor = 0L;

        var pushes = 0;

        // A step's pushes are bounded by its window, so every 64th ends its step.
        Measure(shape, "push", 1, () => Push(worker.PushAsync(gradient)));
        Measure(shape, "pull", 1, () => Complete(worker.PullAsync(values)));
        Measure(shape, "push;pull", 2, () => { Push(worker.PushAsync(gradient)); Complete(worker.PullAsync(values)); });
        Measure(shape, "push-pull", 2, () => Push(worker.PushPullAsync(gradient, values)));
        Measure(shape, "clock", 0, () => Complete(worker.ClockAsync(++cursor)));

        void Push(ValueTask push)
        {
            Complete(push);
            if (++pushes % PushesPerStep == 0) Complete(worker.ClockAsync(++cursor));
        }
    }

    private static void Measure(Shape shape, string call, int directions, Action run)
    {
        var bytes = (double)directions * shape.Floats * sizeof(float);
        var (source, destination) = (Touched(shape.Floats * directions), Touched(shape.Floats * directions));
        // A clock's own time is as long as a small call's: many of those are timed together.
        var together = Math.Max(1, (1 << 18) / shape.Floats);
        var (work, copy) = Measurement.Interleave(run, () => source.CopyTo(destination, 0), together);
        var allocated = Allocated(run, shape.Floats > 1 << 20 ? 500 : Calls);
        var rates = directions == 0 ? new string(' ', 29) : $"{bytes / work / 1e9,8:F1}{bytes / copy / 1e9,13:F1}{copy / work,8:P0}";
        Console.WriteLine($"{shape.Name,-22}{call,-11}{work * 1e6,9:F1}{rates}{allocated,9:F1}");
    }

    private static double Allocated(Action run, int calls)
    {
        var before = GC.GetTotalAllocatedBytes(precise: true);
        for (var i = 0; i < calls; i++) run();
        return (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)calls;
    }

    internal static void Complete(ValueTask task)
    {
        if (task.IsCompleted) task.GetAwaiter().GetResult();
        else task.AsTask().GetAwaiter().GetResult();
    }

    internal static void Complete(ValueTask<ClockResult> task)
    {
        if (task.IsCompleted) _ = task.Result;
        else _ = task.AsTask().GetAwaiter().GetResult();
    }

    internal static float[] Touched(int length)
    {
        var array = new float[length];
        Array.Fill(array, 1e-6f);
        return array;
    }
}
