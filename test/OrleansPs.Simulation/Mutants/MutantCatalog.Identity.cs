namespace OrleansPs.Simulation.Mutants;

/// <summary>
/// The identity of a push, at the block. That a block refuses another generation has no mutant: a map of one generation names no
/// replica of another one.
/// </summary>
internal static partial class MutantCatalog
{
    private static IEnumerable<Mutant> Identity =>
    [
        new("dedupe-ignores-the-bit", "A push of the newest step is taken once: its bit is looked at.", "P1 P5",
            Blocks + "DedupeTable.cs", 50,
            new Edit("(step == e.Step && e[sequence])", "false")),
        new("dedupe-forgets-older-steps", "A push of an older step is a duplicate.", "P1 P5",
            Blocks + "DedupeTable.cs", 200,
            new Edit("(step < e.Step || (step == e.Step && e[sequence]))", "step == e.Step && e[sequence]")),
        new("fence-is-not-checked", "A block refuses what an older incarnation sends.", "P1 P3 P5",
            Blocks + "DedupeTable.cs", 200,
            new Edit("incarnation < _incarnations[rank]", "false")),
        new("restored-block-forgets-its-pushes", "A restored block knows the pushes that its image contains.", "P1 P2 P5",
            Blocks + "BlockMachine.cs", 250,
            new Edit("        _dedupe.Load(image.Dedupe);\n", "")),
        new("restored-block-forgets-its-optimizer", "A restored block goes on with the optimizer state of its image.", "P2 P3 P5",
            Blocks + "BlockState.cs", 50,
            new Edit("image.Slot0?.AsSpan(0, shape.Length).CopyTo(state._slot0);", "state._slot0?.AsSpan(0, shape.Length).Clear();")),
        new("restored-block-counts-updates-anew", "A restored block goes on with the update counts of its image.", "P2 P3 P5",
            Blocks + "BlockState.cs", 50,
            new Edit("state.Updates[i] = image.Segments[i].Updates;", "state.Updates[i] = 0;")),
        new("fences-are-not-in-the-state", "A push of a newer incarnation fences the older ones at the block.", "P1 P3 P5",
            Blocks + "BlockMachine.cs", 200,
            new Edit("        Fences.Raise(header.Rank, header.Incarnation);\n        if (IsRounds)", "        if (IsRounds)")),
    ];
}
