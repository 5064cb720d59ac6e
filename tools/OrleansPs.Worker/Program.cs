using OrleansPs.Train;
using OrleansPs.Worker;

using var interruption = new Interruption();
return await WorkerApp.RunAsync(args, Surroundings.OfThisProcess(), interruption.Token).ConfigureAwait(false);
