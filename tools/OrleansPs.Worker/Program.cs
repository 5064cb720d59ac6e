using OrleansPs.Train;
using OrleansPs.Worker;

using var interruption = new Interruption();
return await WorkerApp.RunAsync(args, Console.Out, Console.Error, Environment.GetEnvironmentVariable, interruption.Token).ConfigureAwait(false);
