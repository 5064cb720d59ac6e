using System.Globalization;

namespace OrleansPs.Simulate;

/// <summary>What the command line asks for.</summary>
/// <param name="First">The first seed.</param>
/// <param name="Last">The last seed.</param>
/// <param name="Time">After this time no more seeds are begun.</param>
/// <param name="Trace">A seed whose events are to be printed instead; null for none.</param>
internal sealed record Options(int First, int Last, TimeSpan Time, int? Trace = null)
{
    public const string Usage = "simulate [--seeds A..B] [--minutes M] | simulate --trace SEED\n"
        + "Runs the simulator's seeds on all processors; ends with 1 if a promise was broken.";

    /// <summary>Reads the command line.</summary>
    /// <exception cref="FormatException">It is not understood.</exception>
    public static Options Parse(IReadOnlyList<string> args)
    {
        var options = new Options(1, int.MaxValue - 1, TimeSpan.MaxValue);
        for (var i = 0; i < args.Count; i += 2)
        {
            var value = i + 1 < args.Count ? args[i + 1] : throw new FormatException($"{args[i]} needs a value.");
            options = args[i] switch
            {
                "--seeds" => WithSeeds(options, value),
                "--minutes" => options with { Time = TimeSpan.FromMinutes(double.Parse(value, CultureInfo.InvariantCulture)) },
                "--trace" => options with { Trace = int.Parse(value, CultureInfo.InvariantCulture) },
                _ => throw new FormatException($"{args[i]} is not known."),
            };
        }
        return options;
    }

    private static Options WithSeeds(Options options, string range)
    {
        var ends = range.Split("..").Select(e => int.Parse(e, CultureInfo.InvariantCulture)).ToArray();
        if (ends.Length is 0 or > 2 || ends[^1] < ends[0]) throw new FormatException($"{range} is no range of seeds.");
        return options with { First = ends[0], Last = ends[^1] };
    }
}
