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
return SeedSweep.Run(options.First, options.Last, options.Time, Console.Out) ? 0 : 1;
