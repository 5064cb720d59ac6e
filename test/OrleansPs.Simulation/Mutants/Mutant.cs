namespace OrleansPs.Simulation.Mutants;

/// <summary>
/// The engine with one rule of the design taken out of its source. If the simulator does not notice, then nothing would
/// notice that the rule is missing.
/// </summary>
/// <param name="Name">A short name.</param>
/// <param name="Rule">The rule that is gone, as it would be stated if it held.</param>
/// <param name="Breaks">The promises of which the simulator must see one broken, such as <c>P1 P3</c>.</param>
/// <param name="File">The source file, from the repository's root.</param>
/// <param name="Within">So many seeds, from 1, are enough to catch it.</param>
/// <param name="Edits">What is changed. Each text that is looked for must occur exactly once.</param>
public sealed record Mutant(string Name, string Rule, string Breaks, string File, int Within, params Edit[] Edits)
{
    /// <summary>The project that the file belongs to: its second folder.</summary>
    public string Project => File.Split('/')[1];

    /// <summary>The mutated text of the file.</summary>
    /// <exception cref="InvalidOperationException">The source has moved on, so that the mutant no longer says what it says.</exception>
    public string Apply(string source) => Edits.Aggregate(source, Apply);

    private string Apply(string source, Edit edit)
    {
        var at = source.IndexOf(edit.Find, StringComparison.Ordinal);
        if (at < 0) throw Stale("does not contain", edit);
        if (source.IndexOf(edit.Find, at + 1, StringComparison.Ordinal) >= 0) throw Stale("contains more than once", edit);
        return source[..at] + edit.Replace + source[(at + edit.Find.Length)..];
    }

    private InvalidOperationException Stale(string how, Edit edit) =>
        new($"Mutant '{Name}' is out of date: {File} {how} the text\n{edit.Find}");
}

/// <summary>One change of a source text.</summary>
/// <param name="Find">The text that goes.</param>
/// <param name="Replace">The text that comes.</param>
public sealed record Edit(string Find, string Replace);
