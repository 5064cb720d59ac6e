using System.Globalization;

namespace OrleansPs.Torture;

/// <summary>What a worker puts down.</summary>
internal enum LedgerEventKind
{
    /// <summary>It took its rank up, for the first time or again: at a step, and the model's restored cut.</summary>
    Joined,

    /// <summary>A push was acknowledged: of a step, to a block.</summary>
    Pushed,

    /// <summary>A step was ended: the step that is next, and the cursor.</summary>
    Clocked,

    /// <summary>A pull lacked pushes of the rank that had been acknowledged: the step, and how many it had.</summary>
    Stale,

    /// <summary>It was told to stop and did, between two steps: the step that would have been next, and the cursor.</summary>
    Ended,
}

/// <summary>One line of a worker's ledger.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="At">When, by the clock that all processes of the machine share (<see cref="SharedClock"/>).</param>
/// <param name="Step">The step.</param>
/// <param name="Detail">What else the kind has.</param>
internal readonly record struct LedgerEvent(LedgerEventKind Kind, TimeSpan At, long Step, long Detail)
{
    private const string Letters = "JPCSE";

    /// <summary>As a line, without its end.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Letters[(int)Kind]} {At.Ticks} {Step} {Detail}");

    /// <summary>Reads a ledger. A last line without an end is no line: its writer was killed.</summary>
    /// <exception cref="FormatException">A line is none of a ledger.</exception>
    public static IReadOnlyList<LedgerEvent> Read(string text) =>
        [.. text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Parse)];

    private static LedgerEvent Parse(string line)
    {
        var parts = line.Split(' ');
        if (parts.Length != 4 || parts[0].Length != 1 || Letters.IndexOf(parts[0][0], StringComparison.Ordinal) is var kind && kind < 0)
            throw new FormatException($"'{line}' is no line of a ledger.");
        return new((LedgerEventKind)kind, new(Number(parts[1])), Number(parts[2]), Number(parts[3]));
    }

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
