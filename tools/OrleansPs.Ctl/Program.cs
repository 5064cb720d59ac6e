using OrleansPs.Ctl;
using OrleansPs.Train;

// The console's own encoding may lack the characters of the tables.
Console.OutputEncoding = System.Text.Encoding.UTF8;
using var interruption = new Interruption();
return await CtlApp.RunAsync(args, Surroundings.OfThisProcess(), interruption.Token).ConfigureAwait(false);
