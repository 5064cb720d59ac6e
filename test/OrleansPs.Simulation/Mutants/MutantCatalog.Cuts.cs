namespace OrleansPs.Simulation.Mutants;

/// <summary>Cuts: frozen copies, what goes to them, and what a manifest says.</summary>
internal static partial class MutantCatalog
{
    private static IEnumerable<Mutant> Cuts =>
    [
        new("no-copy-before-a-write", "A segment of an open cut is copied before a later push changes it.", "P5",
            Blocks + "DenseBody.cs", 50,
            new Edit("            _frozen?.Preserve(slice.Segment);\n", "")),
        new("no-copy-before-a-round", "Under BSP a segment of an open cut is copied before a round changes it.", "P5",
            Blocks + "DenseBody.cs", 50,
            new Edit("if (_staged.Touches(certificate, s)) _frozen.Preserve(s);", "{ }")),
        new("late-push-misses-the-frozen-copy", "A push from before the cut goes to the frozen copy as well.", "P5",
            Blocks + "DenseBody.cs", 100,
            new Edit("            if (_frozen is not null && !_frozen.Shares(slice.Segment)) _frozen.Update(slice, moment.LrFactor);\n", "")),
        new("push-does-not-freeze", "A block that hears of a cut by a push freezes before it applies the push.", "P5",
            Blocks + "BlockReplica.cs", 50,
            new Edit("if (header.Cut > _machine.Cut && !_machine.IsRounds)", "if (false)")),
        new("frozen-copy-shares-the-dedupe-state", "A frozen copy has its own dedupe state.", "P1 P5",
            Blocks + "DedupeTable.cs", 50,
            new Edit("clone._entries[i] = _entries[i]?.Clone();", "clone._entries[i] = _entries[i];")),
        new("cut-is-not-adopted-at-the-clock", "A session's pushes carry the cut that its last clock told it.", "P5 P7",
            Session + "SessionState.Steps.cs", 50,
            new Edit("(_cut, _term) = (reply.Cut, Math.Max(_term, reply.Term));", "_term = Math.Max(_term, reply.Term);")),
        new("cut-does-not-wait-for-all", "A cut is written when every rank has adopted it.", "P5 P7",
            Consistency + "Coordinator.Cuts.cs", 50,
            new Edit("if (_state.Ranks.Keys.All(open.Positions.ContainsKey)) BeginToWrite();", "if (open.Positions.Count > 0) BeginToWrite();")),
        new("open-pushes-are-not-recorded", "A manifest records the pushes of unfinished steps that its chunks contain.", "P5",
            Consistency + "Coordinator.Cuts.cs", 50,
            new Edit("if (image.Step < finished) return;", "if (image.Step < finished + 1) return;")),
        new("cut-counts-the-open-round", "Under BSP a cut holds the ranks as they were when the open round began.", "P1 P5",
            Consistency + "ControlState.cs", 50,
            new Edit("Policy.IsRounds ? AtRoundStart(state) : state.Record", "state.Record")),
    ];
}
