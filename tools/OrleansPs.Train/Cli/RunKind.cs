using System.Globalization;

namespace OrleansPs.Train;

/// <summary>One of the runs that <c>train compare</c> compares, as it is named on the command line.</summary>
/// <param name="Name">Its name, as in "bsp+1".</param>
/// <param name="Consistency">The consistency policy: bsp, ssp or asp.</param>
/// <param name="BackupWorkers">Under BSP, without how many of the slowest workers a round closes.</param>
/// <param name="Compensation">Under SSP and ASP, what is done about stale gradients: none, lr or dc.</param>
internal sealed record RunKind(string Name, string Consistency, int BackupWorkers = 0, string Compensation = "none")
{
    /// <summary>How names look, for errors.</summary>
    public const string ListRule = "it must be a list of bsp, bsp+1 (or more backup workers), ssp, asp, asp+lr and asp+dc with commas between them.";

    /// <summary>Reads names with commas between them.</summary>
    /// <exception cref="FormatException">One is none.</exception>
    public static RunKind[] ParseList(string text) => Array.ConvertAll(text.Split(','), Parse);

    private static RunKind Parse(string name) => name.Split('+') switch
    {
        ["bsp" or "ssp" or "asp"] => new(name, name),
        ["bsp", var backups] when int.TryParse(backups, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= 255 =>
            new(name, "bsp", number),
        [("ssp" or "asp") and var mode, ("lr" or "dc") and var compensation] => new(name, mode, 0, compensation),
        _ => throw new FormatException(),
    };
}
