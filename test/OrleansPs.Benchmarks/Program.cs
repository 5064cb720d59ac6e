using OrleansPs.Benchmarks;

// One class per suite; each prints its own table.
Dictionary<string, Action> suites = new()
{
    ["kernels"] = KernelSuite.Run,
    ["compression"] = CompressionSuite.Run,
    ["embedded"] = EmbeddedSuite.Run,
    ["tables"] = TableSuite.Run,
};

if (args.Length != 1 || !suites.TryGetValue(args[0], out var run))
{
    Console.Error.WriteLine($"usage: benchmarks {string.Join('|', suites.Keys)}");
    return 2;
}
run();
return 0;
