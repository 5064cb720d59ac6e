using OrleansPs.Core.Messages;
using OrleansPs.Core.Replication;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Core.Consistency;

/// <summary>What a coordinator wants its host to do. Effects are given out in order, and only after the record has what they tell.</summary>
public abstract record CoordinatorEffect
{
    private protected CoordinatorEffect() { }
}

/// <summary>Add an entry to the control record, then call <see cref="Coordinator.RecordAccepted"/> or <see cref="Coordinator.Stop"/>.</summary>
/// <param name="Term">The coordinator's term.</param>
/// <param name="Index">The entry's place.</param>
/// <param name="Entry">The entry.</param>
public sealed record AppendToRecord(long Term, long Index, ControlEntry Entry) : CoordinatorEffect;

/// <summary>Answer a call.</summary>
/// <param name="Call">The host's number of the call.</param>
/// <param name="Reply">A <see cref="JoinReply"/>, <see cref="ClockReply"/> or <see cref="PresenceReply"/>.</param>
public sealed record Answer(long Call, object Reply) : CoordinatorEffect;

/// <summary>Give all blocks these certificates, then call <see cref="Coordinator.BlocksCertified"/>.</summary>
/// <param name="Certificates">Ascending by round.</param>
public sealed record CertifyBlocks(IReadOnlyList<Certificate> Certificates) : CoordinatorEffect;

/// <summary>Freeze all blocks at the last closed round, then call <see cref="Coordinator.BlocksFrozen"/> or <see cref="Coordinator.CutFailed"/>.</summary>
/// <param name="Cut">The cut.</param>
/// <param name="Round">How many rounds each block must have applied.</param>
/// <param name="Certificates">The certificates that a block may lack, ascending by round.</param>
public sealed record FreezeBlocks(long Cut, long Round, IReadOnlyList<Certificate> Certificates) : CoordinatorEffect;

/// <summary>
/// Take the cut from every block and write its chunk, and call <see cref="Coordinator.ChunkWritten"/> for each, or
/// <see cref="Coordinator.CutFailed"/>.
/// </summary>
/// <param name="Cut">The cut.</param>
public sealed record WriteChunks(long Cut) : CoordinatorEffect;

/// <summary>Write the manifest, then call <see cref="Coordinator.ManifestWritten"/> or <see cref="Coordinator.CutFailed"/>.</summary>
/// <param name="Cut">The cut.</param>
/// <param name="Round">Closed rounds, or the slowest clock.</param>
/// <param name="Ranks">Where each rank stands, by rank.</param>
/// <param name="Chunks">The chunks, by block.</param>
/// <param name="Open">Pushes of unfinished steps that the chunks contain.</param>
/// <param name="Policy">The policy in force.</param>
public sealed record WriteManifest(
    long Cut, long Round, IReadOnlyList<RankRecord> Ranks, IReadOnlyList<ChunkRecord> Chunks,
    IReadOnlyList<OpenPushes> Open, TrainingPolicy Policy) : CoordinatorEffect;

/// <summary>The cut is over: blocks that hold a frozen copy of it may forget it.</summary>
/// <param name="Cut">The cut.</param>
/// <param name="Completed">Whether it can be restored; otherwise what was written of it may be deleted.</param>
/// <param name="Reason">Why it was given up; null if it was completed.</param>
public sealed record EndCut(long Cut, bool Completed, string? Reason) : CoordinatorEffect;

/// <summary>Give all blocks a policy, then call <see cref="Coordinator.BlocksChanged"/> or <see cref="Coordinator.ChangeFailed"/>.</summary>
/// <param name="Policy">The policy.</param>
/// <param name="Clock">With rounds: how many a block counts as applied from now on; 0 otherwise.</param>
/// <param name="From">With rounds before: how many a block must have applied; -1 for any number.</param>
/// <param name="Certificates">The certificates that a block may lack until then, ascending by round.</param>
public sealed record ChangeBlocks(TrainingPolicy Policy, long Clock, long From, IReadOnlyList<Certificate> Certificates) : CoordinatorEffect;

/// <summary>A policy is in force: whoever asked for it may be told.</summary>
/// <param name="Policy">The policy.</param>
public sealed record PolicyInForce(TrainingPolicy Policy) : CoordinatorEffect;

/// <summary>Tell the block map to whoever asks from now on.</summary>
/// <param name="Map">The sites, by block.</param>
/// <param name="Version">The map's version.</param>
public sealed record PublishMap(IReadOnlyList<BlockSites> Map, long Version) : CoordinatorEffect;

/// <summary>Make an empty replica on a silo, then call <see cref="Coordinator.ReplicaPrepared"/>.</summary>
/// <param name="Block">The block.</param>
/// <param name="Silo">The silo.</param>
/// <param name="Attempt">To be named in the answer.</param>
public sealed record PrepareReplica(int Block, string Silo, long Attempt) : CoordinatorEffect;

/// <summary>Give a replica a command, then call <see cref="Coordinator.ReplicaAnswered"/>. It is asked for again until it is answered.</summary>
/// <param name="Block">The block.</param>
/// <param name="Site">The replica.</param>
/// <param name="Command">The command.</param>
public sealed record TellReplica(int Block, ReplicaSite Site, ReplicaCommand Command) : CoordinatorEffect;

/// <summary>Free a replica that the map names no longer.</summary>
/// <param name="Site">The replica.</param>
public sealed record CloseReplica(ReplicaSite Site) : CoordinatorEffect;

/// <summary>Blocks have lost all their replicas: put the model back to its newest cut.</summary>
/// <param name="Blocks">How many.</param>
public sealed record BlocksLost(int Blocks) : CoordinatorEffect;
