using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using OrleansPs.Tools;

namespace OrleansPs.Bench;

/// <summary>The files that curves may be written to.</summary>
internal sealed class CurveFiles
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    private readonly Option<string?> _tsv = Checked.Path("--tsv", "FILE", "Write the points to a file of tab-separated columns");
    private readonly Option<string?> _svg = Checked.Path("--svg", "FILE", "Write the curves as a picture");
    private readonly Option<string?> _json = Checked.Path("--json", "FILE", "Write the points to a file of JSON");

    public void AddTo(Command command)
    {
        command.Options.Add(_tsv);
        command.Options.Add(_json);
        command.Options.Add(_svg);
    }

    public async Task WriteAsync(ParseResult result, string title, IReadOnlyList<Curve> curves, CancellationToken stop)
    {
        if (result.GetValue(_tsv) is { } tsv) await File.WriteAllLinesAsync(tsv, Lines(curves), stop).ConfigureAwait(false);
        if (result.GetValue(_json) is { } json) await File.WriteAllTextAsync(json, JsonSerializer.Serialize(new { title, curves }, s_json) + "\n", stop).ConfigureAwait(false);
        if (result.GetValue(_svg) is { } svg) await File.WriteAllTextAsync(svg, CurvePicture.Compose(title, curves), stop).ConfigureAwait(false);
    }

    private static IEnumerable<string> Lines(IEnumerable<Curve> curves) => curves.SelectMany(c => c.Points.Select(p => string.Create(CultureInfo.InvariantCulture,
        $"{c.Name}\t{c.Of}\t{p.Count}\t{c.Unit}\t{p.Cost:0.####}\t{c.RatioOf(p):0.####}\t{p.Predicted:0.####}"))).Prepend("curve\tof\tcount\tunit\tcost\tratio\tpredicted");
}
