namespace OrleansPs.Simulation.Mutants;

/// <summary>
/// Replicas: what a standby takes, what a primary waits for, who is told what. Some rules have no mutant, since others keep what they
/// keep: a replica that leads refuses to follow (no newest command asks for it); one that yielded takes no pushes (it would
/// acknowledge what its standby has), so an exchange would do at the same epoch; a cut is given up at a promotion (the new primary has
/// the same frozen copy, or says that it has none); a push of before the cut is not added twice where there is no frozen copy (fences
/// let none through that the live state has and a frozen copy lacks). That a new replica is recorded only when it has caught up is held by
/// stories alone: its primary would have to die within the moment it takes.
/// </summary>
internal static partial class MutantCatalog
{
    private static IEnumerable<Mutant> Replicas =>
    [
        new("standby-takes-entries-with-gaps", "A standby takes the entries of its primary in order, without gaps.", "P2 P8",
            Blocks + "BlockReplica.cs", 50,
            new Edit(" || entry.Index != _machine.Index + 1", "")),
        new("standby-says-yes-to-another-epoch", "A standby says yes to the entries of its own epoch alone.", "P1 P2 P3 P4",
            Replication + "ReplicatedBlock.cs", 300,
            new Edit("            : epoch < Replica.Epoch ? StandbyStatus.Deposed\n            : epoch > Replica.Epoch || Role != ReplicaRole.Standby ? StandbyStatus.NotYet\n", "")),
        new("primary-does-not-wait", "A primary acknowledges what its standby has.", "P1 P2 P3 P4",
            Replication + "ReplicatedBlock.cs", 100,
            new Edit("if (standby.IsRequired) safe = Math.Min(safe, standby.Acknowledged);", "{ }")),
        new("duplicate-is-acknowledged-at-once", "A duplicate is acknowledged when the standby has the push, as the first one is.", "P1 P2 P3 P4 P5",
            Replication + "ReplicatedBlock.cs", 500,
            new Edit("reply.Status is BlockStatus.Ok or BlockStatus.Duplicate ?", "reply.Status is BlockStatus.Ok ?")),
        new("messages-for-another-life-are-heeded", "A replica heeds those messages alone that name its own nonce.", "P1 P2 P3 P4 P5 Liveness",
            Replication + "ReplicaLife.cs", 500,
            new Edit("named == nonce", "true")),
        new("primary-drops-its-standby", "A primary goes on alone only when it is told to.", "P1 P2 P3 P4",
            Replication + "ReplicatedBlock.cs", 1500,
            new Edit("if (reply.Status == StandbyStatus.Lost) feed.IsLost = true;", "if (reply.Status != StandbyStatus.Ok) feed.IsRequired = false;")),
        new("primary-is-not-told-of-its-standby", "A primary feeds the standby that the record names.", "P1 P2 P3 P4",
            Replication + "ReplicatedBlock.cs", 50,
            new Edit("if (command.Standby is { } site && _standbys.Count == 0) _standbys.Add(new(site, Replica.LastEntry, null));", "")),
        new("joiner-is-recorded-empty", "A new replica is in the record when it has its state.", "P1 P2 P3 P4",
            Replication + "ReplicatedBlock.cs", 300,
            new Edit("return ReplicaAnswer.Pending;\n        }", "return ReplicaAnswer.Done;\n        }")),
        new("joiner-is-not-waited-for", "Before a new replica is in the record nothing is acknowledged without it.", "P1 P2 P3 P4",
            Replication + "ReplicatedBlock.cs", 500,
            new Edit("if (standby.IsRequired) safe = Math.Min", "if (standby.IsRequired && standby.RequiredFrom == 0) safe = Math.Min")),
        new("yielded-before-all-is-fed", "Another replica leads when it has all that its primary has.", "P1 P2 P3 P4",
            Replication + "ReplicatedBlock.cs", 2000,
            new Edit("return SafeEntry == Replica.LastEntry ? ReplicaAnswer.Done : ReplicaAnswer.Pending;", "return ReplicaAnswer.Done;")),
        new("late-commands-are-obeyed", "A command that comes after a newer one is refused.", "P1 P2 P3 P4 Liveness",
            Replication + "ReplicatedBlock.cs", 200,
            new Edit("        if (command.Stamp < _newest) return ReplicaAnswer.Stale;\n", "")),
        new("late-answer-deposes", "An old answer does not depose a primary that leads again.", "P2 Liveness",
            Replication + "ReplicatedBlock.cs", 2000,
            new Edit(" && reply.Epoch > Replica.Epoch && Role == ReplicaRole.Primary) Depose();", ") Depose();")),
        new("new-replica-forgets-the-open-round", "A new replica gets what is staged for the open round.", "P1 P2 P3 P5",
            Blocks + "BlockMachine.cs", 100,
            new Edit("        _body.Staged.Load(state.Staged);\n", "")),
        new("new-replica-forgets-its-fences", "A new replica gets the fences.", "P1 P2 P3 P5",
            Blocks + "BlockMachine.cs", 100,
            new Edit("for (var rank = 0; rank < state.Fences.Count; rank++) Fences.Raise(rank, state.Fences[rank]);", "")),
    ];

    private static IEnumerable<Mutant> Maps =>
    [
        new("replica-is-told-before-the-record", "A replica is told what the record has.", "P1 P2 P3 P4",
            Consistency + "Coordinator.Map.cs", 1000,
            new Edit("Tell(new TellReplica(block, site, command));", "_ready.Add(new TellReplica(block, site, command));")),
        new("promoted-at-the-same-epoch", "A replica that takes over does so at a new epoch.", "P1 P2 P3 P4 Liveness",
            Consistency + "Coordinator.Map.cs", 2000,
            new Edit("new(sites.Epoch + 1, standby, null)", "new(sites.Epoch, standby, null)")),
        new("standby-goes-on-its-primary's-word", "A standby is let go when its primary, which says that it is lost, is known to be there.", "P2",
            Consistency + "Coordinator.Map.cs", 1000,
            new Edit("        work.Suspect = nonce;\n", "        work.Suspect = nonce;\n        LetSuspectGo(block);\n        return;\n")),
        new("answer-that-comes-twice-closes", "An answer that comes twice closes no replica that was taken.", "P2 Liveness",
            Consistency + "Coordinator.Map.cs", 500,
            new Edit("(_stopped is null ? !Knows(block, site.Nonce) : work.Attempt == attempt)", "true")),
        new("new-term-tells-nobody", "A new coordinator tells every replica what it is.", "P1 P2 P3 P4 Liveness",
            Consistency + "Coordinator.Map.cs", 50,
            new Edit("for (var block = 0; block < _work.Length; block++) Appoint(block, now);", "{ }")),
        new("outdated-answers-count", "Who heard of a newer map does not rely on an answer that came by an older one.", "P3 P4",
            "src/OrleansPs.Client/Routing/MapKnowledge.cs", 1500,
            new Edit("return (generation, version).CompareTo(_newest) < 0;", "return false;")),
    ];
}
