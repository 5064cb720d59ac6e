namespace OrleansPs.Simulation.Mutants;

/// <summary>Rounds and certificates.</summary>
internal static partial class MutantCatalog
{
    private static IEnumerable<Mutant> Rounds =>
    [
        new("certificate-applied-twice", "A block applies each certificate once.", "P1 P3 P5",
            Blocks + "BlockReplica.cs", 50,
            new Edit("if (certificate.Round == Version) Commit", "if (certificate.Round >= Version - 1) Commit")),
        new("pull-takes-any-version", "A pull under BSP names its version, and gets that one or none.", "P1 P3",
            Blocks + "BlockReplica.cs", 1500,
            new Edit("if (status == BlockStatus.Ok && _machine.IsRounds && header.Clock >= 0) status = CheckRound(header.Clock);\n", "\n")),
        new("push-goes-to-any-round", "A push under BSP counts for the round it names, or not at all.", "P1 P3 P5",
            Blocks + "BlockReplica.cs", 500,
            new Edit("if (status == BlockStatus.Ok && _machine.IsRounds) status = CheckRound(header.Clock);\n", "\n")),
        new("all-that-is-staged-counts", "A certificate says whose contributions make up the round; the rest is thrown away.", "P1 P3 P5",
            Blocks + "StagedContributions.cs", 50,
            new Edit("""
                        foreach (var member in certificate.Members)
                            if (_contributions[member.Rank] is { } c && c.Incarnation == member.Incarnation) _members.Add(c);
                """, "        foreach (var c in _contributions) if (c is not null) _members.Add(c);")),
        new("new-incarnation-adds-to-the-old", "A newer incarnation's contribution starts afresh.", "P1 P3 P5",
            Blocks + "StagedContributions.cs", 50,
            new Edit("c.Incarnation == incarnation ? c : null;", "true ? c : null;"),
            new Edit("if (contribution.Incarnation != incarnation) contribution.Begin(incarnation);",
                "if (contribution.Incarnation < 0) contribution.Begin(incarnation);")),
        new("summed-in-order-of-arrival", "Contributions are summed in the order of ranks, not of arrival.", "P3 P5",
            Blocks + "StagedContributions.cs", 50,
            new Edit("private readonly List<T> _members = [];",
                "private readonly List<T> _members = [];\n    private readonly List<T> _arrived = [];"),
            new Edit("contribution.NextSequence++;", "contribution.NextSequence++;\n        if (!_arrived.Contains(contribution)) _arrived.Add(contribution);"),
            new Edit("        return _members;", "        _members.Sort((a, b) => _arrived.IndexOf(a) - _arrived.IndexOf(b));\n        return _members;"),
            new Edit("        _members.Clear();\n        for (var", "        _members.Clear();\n        _arrived.Clear();\n        for (var")),
        new("round-closes-by-count", "A round closes when each participating rank has contributed, not when as many have as participate.", "P1 P3",
            Consistency + "Coordinator.Gate.cs", 200,
            new Edit("&& _state.Contributed > 0 && _state.Missing <= _state.Policy.BackupWorkers;",
                "&& _state.Contributed > 0 && _state.Contributed >= _state.Ranks.Values.Count(r => r.Participates) - _state.Policy.BackupWorkers;")),
        new("round-closes-with-one-too-few", "A round goes without as many ranks as there are backup workers, and no more.", "P3",
            Consistency + "Coordinator.Gate.cs", 100,
            new Edit("_state.Missing <= _state.Policy.BackupWorkers;", "_state.Missing <= (_state.Policy.BackupWorkers > 0 ? _state.Policy.BackupWorkers + 1 : 0);")),
        new("straggler-ends-its-step", "A step whose round closed without it does not count: its end is refused, and it is done again.", "P1 P3",
            Consistency + "Coordinator.Ranks.cs", 100,
            new Edit("command.Step == record.Step && record.Clock < _state.Round)", "command.Step == record.Step && false)")),
        new("certificate-names-the-present-incarnation", "A certificate names the incarnation that contributed, not the one that plays the rank now.", "P1 P3",
            Consistency + "Coordinator.Gate.cs", 50,
            new Edit("r.ContributedIncarnation", "r.Record.Incarnation")),
        new("joiner-repeats-its-round", "A rank whose contribution to the open round is in rejoins behind it.", "P1 P3",
            Consistency + "Coordinator.Ranks.cs", 50,
            new Edit("rank.ContributedRound == _state.Round ? _state.Round + 1 : _state.Round", "_state.Round")),
        new("round-waits-for-the-gone", "A round waits for participating ranks only.", "Liveness",
            Consistency + "RankTable.cs", 50,
            new Edit("if (rank.Participates && !has) Missing += by;", "if (!has) Missing += by;")),
    ];
}
