using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using OrleansPs.Torture;

namespace OrleansPs.Bench;

/// <summary>
/// What encodings are worth over a slow link: the same steps over a cable that is shaped to a rate, and over bare loopback; and from both, from which rate on down
/// each encoding pays.
/// </summary>
internal sealed class LinkSuite(TextWriter output)
{
    private static readonly Dictionary<Encoding, double> s_bars = new() { [Encoding.Bf16] = 1.9, [Encoding.Int8] = 3.5, [Encoding.TopK] = 15 };

    /// <summary>Measures.</summary>
    /// <param name="rate">The rate of the link as tc has it; null for loopback alone.</param>
    /// <param name="repetitions">How often each row is measured.</param>
    /// <param name="stop">Gives up.</param>
    /// <exception cref="ShapedLinkException">No link can be made here.</exception>
    public async Task<int> RunAsync(string? rate, int repetitions, CancellationToken stop)
    {
        var shaped = rate is null ? null : await OverLinkAsync(rate, repetitions, stop).ConfigureAwait(false);
        var loopback = await MeasureAsync([], new(null, null, repetitions), stop).ConfigureAwait(false);
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
            $"16 MiB, one call in flight, one silo's and one worker's process, medians of {repetitions} interleaved repetitions; loopback: {Environment.ProcessorCount} processors do the work of both")).ConfigureAwait(false);
        await output.WriteLineAsync($"{"",-18} {(rate is null ? "" : $"steps/s at {rate}"),20} {"x fp32",7} {"bar",5} {"steps/s on loopback",20} {"x fp32",7} {"CPU ms",7}  pays below").ConfigureAwait(false);
        for (var i = 0; i < loopback.Length; i++) await ShowAsync(i, shaped, loopback).ConfigureAwait(false);
        await output.WriteLineAsync("pays below (S - s) / (c - C): S, s are the bits of fp32 and of the code one way; C, c the seconds of a step on loopback, where bytes travel for next to nothing").ConfigureAwait(false);
        return 0;
    }

    private async Task ShowAsync(int index, LinkFigures[]? shaped, LinkFigures[] loopback)
    {
        var (row, plain) = (loopback[index].Row, Array.FindIndex(loopback, f => f.Row.Operation == loopback[index].Row.Operation));
        var there = shaped is null ? $"{"-",20} {"-",7}"
            : string.Create(CultureInfo.InvariantCulture, $"{shaped[index].Steps,20:0.00} {shaped[index].Steps / shaped[plain].Steps,7:0.00}");
        var bar = s_bars.TryGetValue(row.Encoding, out var least) ? least.ToString(CultureInfo.InvariantCulture) : "";
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
            $"{row.Text + ", " + NameOf(row.Encoding),-18} {there} {bar,5} {loopback[index].Steps,20:0.0} {loopback[index].Steps / loopback[plain].Steps,7:0.00} {loopback[index].CpuSeconds * 1e3,7:0.0}  {(index == plain ? "" : Pays(loopback[plain], loopback[index]))}")).ConfigureAwait(false);
    }

    private static string Pays(LinkFigures plain, LinkFigures encoded)
    {
        var more = (1 / encoded.Steps) - (1 / plain.Steps);
        var saved = 8.0 * plain.Row.Numbers * (sizeof(float) - BytesAFloat(encoded.Row.Encoding));
        return more <= 0 ? "any rate" : string.Create(CultureInfo.InvariantCulture, $"{saved / more / 1e9:0.0} Gbit/s");
    }

    private static double BytesAFloat(Encoding encoding) => encoding switch
    {
        Encoding.Bf16 => 2,
        Encoding.Int8 => 1 + (4.0 / 256),
        Encoding.TopK => 0.08,
        _ => sizeof(float),
    };

    private static string NameOf(Encoding encoding) => encoding switch
    {
        Encoding.Bf16 => "bf16",
        Encoding.Int8 => "int8",
        Encoding.TopK => "top-k 1 %",
        _ => "fp32",
    };

    private static async Task<LinkFigures[]> OverLinkAsync(string rate, int repetitions, CancellationToken stop)
    {
        var link = await ShapedLink.CreateAsync(rate).ConfigureAwait(false);
        await using var _ = link.ConfigureAwait(false);
        return await MeasureAsync(ShapedLink.At(link.Ends[1]), new(ShapedLink.AddressOf(0), link.Ends[0], repetitions), stop).ConfigureAwait(false);
    }

    // A process cannot change its network: what measures is one at the workers' end.
    private static async Task<LinkFigures[]> MeasureAsync(string[] prefix, LinkSettings settings, CancellationToken stop)
    {
        string[] command = [.. prefix, Tool.Dotnet, typeof(LinkSuite).Assembly.Location, "link-rows", JsonSerializer.Serialize(settings)];
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true })!;
        try
        {
            var line = await process.StandardOutput.ReadLineAsync(stop).ConfigureAwait(false)
                ?? throw new IOException("The process that measures ended; what it said is above.");
            await process.WaitForExitAsync(stop).ConfigureAwait(false);
            return JsonSerializer.Deserialize<LinkFigures[]>(line)!;
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }
}
