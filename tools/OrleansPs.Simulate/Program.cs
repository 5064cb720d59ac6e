using OrleansPs.Simulate;
using OrleansPs.Simulation;

Options options;
try
{
    options = Options.Parse(args);
}
catch (Exception e) when (e is FormatException or OverflowException)
{
    Console.Error.WriteLine($"{e.Message}\n{Options.Usage}");
    return 2;
}
if (options.Trace is { } seed)
{
    foreach (var line in SimulationRun.Trace(seed)) Console.WriteLine(line);
    return 0;
}
return SeedSweep.Run(options.First, options.Last, options.Time, Console.Out) ? 0 : 1;
