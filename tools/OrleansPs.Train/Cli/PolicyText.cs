using System.Globalization;

namespace OrleansPs.Train;

/// <summary>Consistency policies as they are given on a command line.</summary>
internal static class PolicyText
{
    /// <summary>Reads bsp, asp or ssp:N.</summary>
    /// <exception cref="FormatException">It is none of them.</exception>
    public static (string Mode, int Staleness) Parse(string text) => text switch
    {
        "bsp" or "asp" => (text, 0),
        _ when text.StartsWith("ssp:", StringComparison.Ordinal)
            && int.TryParse(text.AsSpan(4), NumberStyles.None, CultureInfo.InvariantCulture, out var staleness) && staleness <= 1_000_000 => ("ssp", staleness),
        _ => throw new FormatException(),
    };

    /// <summary>The policy of a mode: bsp, ssp or asp.</summary>
    /// <param name="mode">The mode.</param>
    /// <param name="staleness">Under SSP, how many clocks the fastest worker may be ahead of the slowest.</param>
    public static ConsistencyPolicy Of(string mode, int staleness) => mode switch
    {
        "bsp" => ConsistencyPolicy.BulkSynchronous,
        "ssp" => ConsistencyPolicy.StaleSynchronous(staleness),
        _ => ConsistencyPolicy.Asynchronous,
    };
}
