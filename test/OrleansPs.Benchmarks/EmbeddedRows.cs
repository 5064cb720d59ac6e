using OrleansPs.Embedded;

namespace OrleansPs.Benchmarks;

/// <summary>Batches of random rows of a table of a million, pushed and pulled by one worker in the server's process.</summary>
internal static class EmbeddedRows
{
    private const int TableRows = 1_000_000;
    private const int Batches = 64;
    private const int PushesPerStep = 64;

    public static async Task RunAsync()
    {
        Console.WriteLine();
        Console.WriteLine($"batches of distinct random rows of {TableRows:N0}, ASP, SGD, median of 31");
        Console.WriteLine($"{"rows x width",-22}{"call",-11}{"calls/s",10}{"GB/s",8}");
        foreach (var (rows, width) in ((int, int)[])[(1_000, 16), (10_000, 16), (10_000, 64)]) await MeasureAsync(rows, width);
    }

    private static async Task MeasureAsync(int rows, int width)
    {
        await using var server = await EmbeddedParameterServer.StartAsync();
        await server.CreateModelAsync(new("m")
        {
            Parameters = [], Tables = [new("t", width) { MaxRowsPerStep = PushesPerStep * rows }], Optimizer = Optimizer.Sgd(),
            Consistency = ConsistencyPolicy.Asynchronous, PushesPerStep = PushesPerStep,
        });
        await using var worker = await server.JoinAsync("m", 0);
        var pushes = 0;
        for (var first = 0; first < TableRows; first += rows) Push(SetOf([.. Enumerable.Range(first, rows).Select(k => (long)k)], width));
        var random = new Random(1);
        var batches = Enumerable.Range(0, Batches).Select(_ => SetOf(Keys(random, rows), width)).ToArray();
        var next = 0;

        Measure("push", () => Push(batches[next++ % Batches]));
        Measure("pull", () => EmbeddedSuite.Complete(worker.PullRowsAsync(batches[next++ % Batches])));

        void Push(RowSet set)
        {
            EmbeddedSuite.Complete(worker.PushRowsAsync(set));
            if (++pushes % PushesPerStep == 0) EmbeddedSuite.Complete(worker.ClockAsync(pushes));
        }

        void Measure(string call, Action run)
        {
            var (seconds, _) = Measurement.Interleave(run, static () => { });
            Console.WriteLine($"{$"{rows:N0} x {width}",-22}{call,-11}{1 / seconds,10:N0}{rows * width * sizeof(float) / seconds / 1e9,8:F2}");
        }
    }

    private static RowSet SetOf(long[] keys, int width)
    {
        var set = new RowSet();
        set.Add("t", keys, EmbeddedSuite.Touched(keys.Length * width));
        return set;
    }

    private static long[] Keys(Random random, int count)
    {
        var keys = new HashSet<long>();
        while (keys.Count < count) keys.Add(random.Next(TableRows));
        return [.. keys.Order()];
    }
}
