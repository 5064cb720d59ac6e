namespace OrleansPs.Simulation.Mutants;

/// <summary>Changes of policy.</summary>
internal static partial class MutantCatalog
{
    private static IEnumerable<Mutant> Policies =>
    [
        new("policy-changes-while-somebody-works", "A policy changes when every live rank stands still.", "P6",
            Consistency + "Coordinator.Policy.cs", 50,
            new Edit("|| !_state.Ranks.Values.All(StandsStill)) return;", "|| false) return;")),
        new("new-coordinator-takes-all-for-standing", "A new coordinator does not know whom the one before let through.", "P6",
            Consistency + "Coordinator.Policy.cs", 400,
            new Edit("_released.Add(rank.Record.Rank);", "_released.Remove(rank.Record.Rank);")),
        new("gate-opens-before-blocks-have-the-policy", "Nobody goes on by a policy before all blocks have it.", "P1 P3 P7 P8 Liveness",
            Consistency + "Coordinator.Policy.cs", 100,
            new Edit("private bool IsHeld(int rank) => _state.SwitchFrom is not null\n        || (", "private bool IsHeld(int rank) => false || (")),
        new("policy-changes-in-a-round-that-has-begun", "A round that has begun is ended by the policy it began with.", "P1 P3 P6",
            Consistency + "Coordinator.Policy.cs", 100,
            new Edit("if ((IsRounds && HasBegun()) || !_state", "if (!_state")),
        new("rounds-go-on-from-the-slowest-clock", "To BSP all go on in one round, and nobody's clock falls.", "P3 P6",
            Consistency + "Coordinator.Policy.cs", 50,
            new Edit("_state.Ranks.Values.Where(r => r.Participates).Select(r => r.Record.Clock).Append(_state.MinClock).Max();", "_state.MinClock;")),
        new("block-takes-pushes-of-any-policy", "What was sent under an older policy is refused.", "P1 P3 P4 P5",
            Blocks + "BlockReplica.cs", 1500,
            new Edit("        if (header.Policy != Policy.Number) return BlockStatus.OtherPolicy;\n", "\n")),
        new("half-step-counts-again-in-rounds", "A push that was applied before there were rounds is not applied once more by a round.", "P1",
            Blocks + "BlockMachine.cs", 400,
            new Edit("_dedupe.Contains(header.Rank, header.Step, header.Sequence) ? [] : gradient);", "gradient);")),
        new("block-changes-without-logging-it", "A change of policy is an entry of the log like any other.", "P1 P2 P3 P6 P7 Liveness",
            Blocks + "BlockReplica.cs", 400,
            new Edit("        Commit(new() { Kind = BlockEntryKind.Policy, Header = header, Policy = policy });",
                "        _machine.Apply(new() { Index = _machine.Index, Kind = BlockEntryKind.Policy, Header = header, Policy = policy }, default);")),
        new("new-standby-is-not-told-the-policy", "Of what a new standby is given the policy is a part.", "P2 P6 P7 Liveness",
            Blocks + "BlockMachine.cs", 400,
            new Edit("(WrittenCut, Term, LastCertificate, Policy) = (state.WrittenCut, state.Term, state.LastCertificate, state.Policy);",
                "(WrittenCut, Term, LastCertificate) = (state.WrittenCut, state.Term, state.LastCertificate);")),
        new("restore-forgets-the-policy", "A snapshot holds the policy in force, and a restore brings it back.", "P6",
            Consistency + "ControlState.cs", 100,
            new Edit("if (manifest.Policy is { } policy) (state.Policy, state.SwitchFrom) = (policy, -1);", "")),
        new("rounds-before-are-not-applied-first", "A block applies all rounds that are closed before it works by another policy.", "P1 P3 P5",
            Blocks + "BlockReplica.cs", 400,
            new Edit("var status = _machine.IsRounds && header.Certificate >= 0 ? FollowAll(certificates) : BlockStatus.Ok;", "var status = BlockStatus.Ok;"),
            new Edit("if (status == BlockStatus.Ok && _machine.IsRounds && header.Certificate >= 0) status = CheckRound(header.Certificate);\n", "\n")),
    ];
}
