using System.CommandLine;
using System.Globalization;

namespace OrleansPs.Bench;

/// <summary>How the cost of a unit develops as there are ever more of them, beside what the capacity model says.</summary>
internal sealed class GrowthSuite(TextWriter output, GrowthEffort effort)
{
    /// <summary>How far a cost may be from that of the reference and still count as flat.</summary>
    private const double Flat = 0.2;

    private static readonly string[] s_kinds = ["workers", "blocks", "silos", "rows"];

    public static Command CreateCommand(TextWriter output)
    {
        var kind = new Argument<string?>("what")
        {
            Description = $"{string.Join(", ", s_kinds[..^1])} or {s_kinds[^1]} [default: all of them]",
            Arity = ArgumentArity.ZeroOrOne,
        };
        kind.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var text }] && !s_kinds.Contains(text)) result.AddError($"what is '{text}': it must be one of {string.Join(", ", s_kinds)}.");
        });
        var (quick, files) = (new Option<bool>("--quick") { Description = "Fewer points, measured once" }, new CurveFiles());
        var command = new Command("growth", "What a step, block or row costs as there are ever more workers, blocks, silos and rows") { kind, quick };
        files.AddTo(command);
        command.SetAction(async (result, stop) =>
        {
            var suite = new GrowthSuite(output, result.GetValue(quick) ? GrowthEffort.Quick : GrowthEffort.Full);
            var curves = await suite.RunAsync(result.GetValue(kind), stop).ConfigureAwait(false);
            await files.WriteAsync(result, "Cost of a unit as there are more of them", curves, stop).ConfigureAwait(false);
            return 0;
        });
        return command;
    }

    private async Task<IReadOnlyList<Curve>> RunAsync(string? kind, CancellationToken stop)
    {
        await output.WriteLineAsync($"CPU time of silos and workers together, medians of {effort.Repetitions}").ConfigureAwait(false);
        var curves = new List<Curve>();
        foreach (var each in s_kinds.Where(k => kind is null || k == kind))
        {
            await foreach (var curve in Measured(each, stop).ConfigureAwait(false))
            {
                curves.Add(curve);
                await ShowAsync(curve).ConfigureAwait(false);
            }
        }
        return curves;
    }

    private IAsyncEnumerable<Curve> Measured(string kind, CancellationToken stop)
    {
        var curves = new GrowthCurves(effort, new());
        return kind switch
        {
            "workers" => curves.WorkersAsync(stop),
            "blocks" => curves.BlocksAsync(stop),
            "silos" => curves.SilosAsync(stop),
            _ => curves.RowsAsync(stop),
        };
    }

    private async Task ShowAsync(Curve curve)
    {
        await output.WriteLineAsync($"\n{curve.Name}\n{curve.Of,18} {curve.Unit,12} {"x that of " + curve.Reference.ToString("#,0", CultureInfo.InvariantCulture),18} {"predicted",10} {"measured/predicted",19}").ConfigureAwait(false);
        foreach (var point in curve.Points)
            await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                $"{point.Count,18:#,0} {point.Cost,12:#,0.00} {curve.RatioOf(point),18:0.00} {point.Predicted,10:#,0.00} {point.Cost / point.Predicted,19:0.00}")).ConfigureAwait(false);
        var widest = curve.Points.Select(curve.RatioOf).MaxBy(ratio => Math.Abs(Math.Log(ratio)));
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
            $"{(widest is >= 1 - Flat and <= 1 + Flat ? "flat to within 20 %" : $"not flat: {widest:0.00} x; {curve.Reason}")}")).ConfigureAwait(false);
    }
}
