using System.CommandLine;
using System.Globalization;
using OrleansPs.Tools;
using OrleansPs.Train;

namespace OrleansPs.Bench;

/// <summary>Plans a cluster from the command line.</summary>
internal static class CapacityCommand
{
    private static readonly string[] s_optimizers = ["sgd", "momentum", "adam"];

    public static Command Create(TextWriter output)
    {
        var standard = new CapacityInput();
        var parameters = Checked.Whole("--parameters", 0, 1L << 40, "Dense float32 parameters [default: 25,000,000]");
        var (blocks, workers, silos) = (
            Checked.Whole("--block-bytes", 4_096, 64 << 20, "Bytes of a block [default: 1 MiB]"),
            Checked.Whole("--workers", 1, 100_000, "How many workers [default: 16]"),
            Checked.Whole("--silos", 1, 10_000, "How many silos [default: 4]"));
        var (rows, width, batch) = (
            Checked.Whole("--rows", 0, 1L << 40, "Rows of an embedding table [default: 0]"),
            Checked.Whole("--width", 1, 65_536, "Floats of a row [default: 16]"),
            Checked.Whole("--batch-rows", 0, 10_000_000, "Distinct rows in a worker's step [default: 0]"));
        var (step, snapshot) = (
            Checked.Whole("--step-ms", 1, 3_600_000, "How long a worker computes a step, in ms [default: 1000]"),
            Checked.Whole("--snapshot-every", 1, 1_000_000, "Seconds between snapshots [default: none]"));
        var consistency = Checked.Option<(string Mode, int Staleness)?>("--consistency", "bsp|ssp:N|asp", "Default: asp", text => PolicyText.Parse(text), "it must be bsp, asp or ssp:N.");
        var optimizer = Checked.Option<string?>("--optimizer", string.Join('|', s_optimizers), "Default: sgd", text => Known(text, s_optimizers), $"it must be one of {string.Join(", ", s_optimizers)}.");
        var names = EncodingCost.All.Select(e => e.Name).ToArray();
        var compression = Checked.Option<string?>("--compression", string.Join('|', names), "Default: none; topk keeps 1 %", text => Known(text, names), $"it must be one of {string.Join(", ", names)}.");
        var (cached, replicated) = (
            new Option<bool>("--cached") { Description = "Under SSP sessions read their copies within the bound" },
            new Option<bool>("--replicated") { Description = "Each block has a standby" });
        var command = new Command("capacity", "Plans a cluster: bytes, calls, processors and memory, by the model of src/ARCHITECTURE.md")
        {
            parameters, blocks, optimizer, rows, width, batch, workers, silos, step, consistency, cached, compression, replicated, snapshot,
        };
        command.SetAction(async (result, _) =>
        {
            var (mode, staleness) = result.GetValue(consistency) ?? ("asp", 0);
            var input = new CapacityInput
            {
                Parameters = result.GetValue(parameters) ?? standard.Parameters,
                BlockBytes = (int)(result.GetValue(blocks) ?? standard.BlockBytes),
                StateFloats = Math.Max(0, Array.IndexOf(s_optimizers, result.GetValue(optimizer))),
                Rows = result.GetValue(rows) ?? 0,
                Width = (int)(result.GetValue(width) ?? standard.Width),
                BatchRows = (int)(result.GetValue(batch) ?? 0),
                Workers = (int)(result.GetValue(workers) ?? standard.Workers),
                Silos = (int)(result.GetValue(silos) ?? standard.Silos),
                StepSeconds = (result.GetValue(step) ?? 1_000) / 1e3,
                Consistency = PolicyText.Of(mode, staleness),
                IsCached = result.GetValue(cached),
                IsReplicated = result.GetValue(replicated),
                SnapshotSeconds = result.GetValue(snapshot) ?? 0,
                Encoding = EncodingCost.All[Math.Max(0, Array.IndexOf(names, result.GetValue(compression)))],
            };
            await WriteAsync(output, CapacityModel.Plan(input, new())).ConfigureAwait(false);
            return 0;
        });
        return command;
    }

    private static string Known(string text, string[] all) => all.Contains(text) ? text : throw new FormatException();

    private static async Task WriteAsync(TextWriter output, CapacityPlan p)
    {
        (string Name, string Value)[] lines =
        [
            ("a worker's step: pushes", Megabytes(p.PushBytes)), ("pulls", Megabytes(p.PullBytes)), ("calls, its clock among them", Text(p.Messages, "#,0.#")),
            ("processor time of the worker", Text(p.WorkerSeconds * 1e3, "#,0.##") + " ms"), ("of all silos", Text(p.SiloSeconds * 1e3, "#,0.##") + " ms"),
            ("steps of all workers", Text(p.StepsPerSecond, "#,0.#") + "/s"), ("processors busy on each silo", Text(p.SiloCores, "#,0.00")),
            ("of these on one silo for the coordinator", Text(p.CoordinatorCores, "#,0.000")), ("memory of each silo", Megabytes(p.SiloMemory)),
            ("each silo receives", Megabytes(p.SiloReceives) + "/s"), ("and sends", Megabytes(p.SiloSends) + "/s"), ("snapshots to the storage", Megabytes(p.SnapshotBytes) + "/s"),
        ];
        foreach (var (name, value) in lines) await output.WriteLineAsync($"{name,-42}{value,16}").ConfigureAwait(false);
    }

    private static string Megabytes(double bytes) => bytes >= 1e9 ? Text(bytes / 1e9, "#,0.00") + " GB" : Text(bytes / 1e6, "#,0.00") + " MB";

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
