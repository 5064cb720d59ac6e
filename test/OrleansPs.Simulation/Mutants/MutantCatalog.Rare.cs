namespace OrleansPs.Simulation.Mutants;

/// <summary>Rules that matter once in some hundred runs: it takes three accidents in a row to need them.</summary>
internal static partial class MutantCatalog
{
    private static IEnumerable<Mutant> RarelyNeeded =>
    [
        new("certificates-applied-out-of-order", "Certificates form a chain: a block applies the next one or asks for those between.", "P1 P3 P5",
            Blocks + "BlockReplica.cs", 1000,
            new Edit("if (certificate.Round > Version) return BlockStatus.NeedCertificates;\n        if (certificate.Round == Version)",
                "if (certificate.Round >= Version)")),
        new("late-join-takes-over", "A late copy of an older join takes nothing over.", "P7",
            Consistency + "Coordinator.Ranks.cs", 1000,
            new Edit("rank.PastNonces.Contains(command.Nonce)", "false")),
        new("rank-adopts-while-it-pushes", "Only a rank that stands still adopts a cut: one that has been let through is at work.", "P5 P7",
            Consistency + "Coordinator.Cuts.cs", 1000,
            new Edit(" && !IsOpenFor(_state.Ranks[r])", "")),
        new("torn-manifest-is-read", "A manifest whose checksum does not fit is no snapshot.", "P1 P3 P5 P8 Liveness",
            "src/OrleansPs.Core/Snapshots/ManifestCodec.cs", 1000,
            new Edit("            CheckTail(bytes.Span);\n", "")),
    ];
}
