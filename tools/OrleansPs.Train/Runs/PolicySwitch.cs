using System.Globalization;

namespace OrleansPs.Train;

/// <summary>A change of the consistency policy while a model is trained, as it is given on the command line: <c>ssp:2@1</c>.</summary>
/// <param name="Consistency">The policy from then on: bsp, ssp or asp.</param>
/// <param name="Staleness">Under SSP, how many clocks the fastest worker may be ahead of the slowest.</param>
/// <param name="Epoch">After how many epochs, of all workers together; above 0.</param>
internal sealed record PolicySwitch(string Consistency, int Staleness, double Epoch)
{
    /// <summary>How a list looks, for errors.</summary>
    public const string ListRule = "it must be a list such as ssp:2@1,asp@2.5,bsp@3: bsp, asp or ssp:N, then @ and the epoch, above 0 and rising, from which on it holds.";

    /// <summary>The policy.</summary>
    public ConsistencyPolicy ToPolicy() => PolicyText.Of(Consistency, Staleness);

    /// <summary>Reads switches with commas between them.</summary>
    /// <exception cref="FormatException">One is none, or comes before its predecessor.</exception>
    public static PolicySwitch[] ParseList(string text)
    {
        var list = Array.ConvertAll(text.Split(','), Parse);
        if (list.Zip(list.Skip(1)).Any(pair => pair.First.Epoch >= pair.Second.Epoch)) throw new FormatException();
        return list;
    }

    /// <summary>As it is given.</summary>
    public override string ToString() => FormattableString.Invariant($"{Consistency}{(Consistency == "ssp" ? $":{Staleness}" : "")}@{Epoch}");

    private static PolicySwitch Parse(string text)
    {
        if (text.Split('@') is not [var policy, var epoch]) throw new FormatException();
        var (mode, staleness) = PolicyText.Parse(policy);
        return new(mode, staleness, ParseEpoch(epoch));
    }

    private static double ParseEpoch(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var epoch) && epoch > 0 && double.IsFinite(epoch)
            ? epoch : throw new FormatException();
}
