using System.Globalization;
using OrleansPs.Bench;
using OrleansPs.Train;

using var interruption = new Interruption();
return args switch
{
    ["replicated"] => await ReplicatedSuite.RunAsync(Console.Out, interruption.Token).ConfigureAwait(false),
    ["relay", var port, var next] => Relay.Serve(int.Parse(port, CultureInfo.InvariantCulture), int.Parse(next, CultureInfo.InvariantCulture)),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("orleansps-bench: say what to measure: replicated");
    return 2;
}
