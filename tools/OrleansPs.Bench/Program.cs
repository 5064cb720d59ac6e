using System.Globalization;
using System.Text.Json;
using OrleansPs.Bench;
using OrleansPs.Train;

using var interruption = new Interruption();
return args switch
{
    // Processes that take part in a measurement.
    ["relay", var port, var next] => Relay.Serve(Whole(port), Whole(next)),
    ["serve", var port] => RawSocket.Serve(Whole(port)),
    ["serve-stock", var silo, var gateway] => await StockProcess.ServeAsync(Whole(silo), Whole(gateway), interruption.Token).ConfigureAwait(false),
    ["link-rows", var settings] => await LinkRows.ServeAsync(
        JsonSerializer.Deserialize<LinkSettings>(settings)!, Console.Out, interruption.Token).ConfigureAwait(false),
    ["worker", var settings] => await WorkerProcess.ServeAsync(
        JsonSerializer.Deserialize<WorkerSettings>(settings)!, Console.In, Console.Out, interruption.Token).ConfigureAwait(false),
    _ => await new BenchApp(Console.Out, Console.Error).RunAsync(args, interruption.Token).ConfigureAwait(false),
};

static int Whole(string text) => int.Parse(text, CultureInfo.InvariantCulture);
