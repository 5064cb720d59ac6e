namespace OrleansPs.Simulation.Mutants;

/// <summary>The coordinator: gates, clocks, joins, leases, its record and its successor.</summary>
internal static partial class MutantCatalog
{
    private static IEnumerable<Mutant> Decisions =>
    [
        new("gate-is-off-by-one", "Under SSP(s) a worker is at most s clocks ahead of the slowest.", "P4",
            Consistency + "Coordinator.Gate.cs", 50,
            new Edit("<= _state.Policy.Consistency.Staleness;", "<= _state.Policy.Consistency.Staleness + 1L;")),
        new("slowest-clock-ignores-newcomers", "The slowest clock is that of all participating ranks, newcomers included.", "P4",
            Consistency + "RankTable.cs", 50,
            new Edit("=> rank.Participates ? rank.Record.Clock", "=> rank.Participates && rank.Record.Step > 0 ? rank.Record.Clock")),
        new("slowest-clock-counts-the-gone", "Nobody waits for a rank that left, was evicted or ran out of data.", "Liveness",
            Consistency + "RankTable.cs", 50,
            new Edit("=> rank.Participates ? rank.Record.Clock", "=> true ? rank.Record.Clock")),
        new("clock-counts-twice", "A clock counts once, however often it is sent.", "P1 P5",
            Consistency + "Coordinator.Ranks.cs", 50,
            new Edit("if (command.Step == _state.Ranks[command.Rank].Record.Step)\n", "if (true)\n")),
        new("join-counts-twice", "A join counts once by its nonce, however often it is sent.", "P7",
            Consistency + "Coordinator.Ranks.cs", 50,
            new Edit("rank.Nonce != command.Nonce || rank.Record.Status == WorkerStatus.Expected", "true")),
        new("joiner-waits-out-its-gap", "Under SSP a joiner begins at the slowest clock.", "P7",
            Consistency + "Coordinator.Ranks.cs", 50,
            new Edit("        var others = _state.Ranks.Values", "        if (rank.Record.Step >= 0) return rank.Record.Clock;\n        var others = _state.Ranks.Values")),
        new("successor-waits-for-the-dead", "A new coordinator waits for those who were there a while, not for ever.", "Liveness",
            Consistency + "Coordinator.cs", 500,
            new Edit("GrantGrace(rank, now);", "{ }")),
        new("told-before-the-record-has-it", "Nothing is told to anyone before the control record has it.", "P1 P3 P4 P5 P7",
            Consistency + "Coordinator.cs", 50,
            new Edit("_held.Enqueue((_state.Index, effect));", "_ready.Add(effect);")),
        new("record-takes-older-terms", "The control record refuses a coordinator of an older term.", "P1 P3 P4 P5 P7",
            Consistency + "ControlRecord.cs", 50,
            new Edit("term != Term || ", "")),
        new("restore-keeps-the-generation", "A restore raises the generation.", "P1 P3 P5 P7 Liveness",
            Consistency + "ControlState.cs", 50,
            new Edit("var state = new ControlState(spec, generation)\n        {\n            RestoredCut = manifest.Cut", "var state = new ControlState(spec, manifest.Generation)\n        {\n            RestoredCut = manifest.Cut")),
        new("leases-run-out-in-its-absence", "When time has jumped, a coordinator renews all leases before it evicts anyone.", "P7",
            Consistency + "Leases.cs", 50,
            new Edit("if (away)", "if (false)")),
    ];
}
