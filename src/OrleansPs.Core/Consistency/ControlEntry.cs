using OrleansPs.Core.Messages;
using OrleansPs.Core.Replication;

namespace OrleansPs.Core.Consistency;

/// <summary>
/// One decision of a coordinator. The control record holds them in order; what a model's control state is follows from them
/// alone, so a new coordinator that reads the record knows all that anybody was ever told.
/// </summary>
public abstract record ControlEntry
{
    private protected ControlEntry() { }
}

/// <summary>A rank was taken up.</summary>
/// <param name="Rank">The rank.</param>
/// <param name="Nonce">The join's nonce.</param>
/// <param name="Incarnation">Its new incarnation.</param>
/// <param name="Clock">The clock of its next step.</param>
public sealed record RankJoined(int Rank, Guid Nonce, long Incarnation, long Clock) : ControlEntry
{
    /// <summary>Whether a session resumed that had played the rank before.</summary>
    public bool Resumes { get; init; }
}

/// <summary>A rank finished its step.</summary>
/// <param name="Rank">The rank.</param>
/// <param name="Cursor">Where its data goes on.</param>
public sealed record StepFinished(int Rank, long Cursor) : ControlEntry;

/// <summary>Nobody waits for a rank any more.</summary>
/// <param name="Rank">The rank.</param>
/// <param name="Status">OutOfData, Left or Evicted.</param>
public sealed record RankRetired(int Rank, WorkerStatus Status) : ControlEntry;

/// <summary>A round of BSP is decided.</summary>
/// <param name="Certificate">Who is in it.</param>
public sealed record RoundClosed(Certificate Certificate) : ControlEntry;

/// <summary>Every block has applied all rounds below one; their certificates are needed no more.</summary>
/// <param name="Below">The first round that is still kept.</param>
public sealed record CertificatesDropped(long Below) : ControlEntry;

/// <summary>A cut begins. Its number is used up, whatever becomes of it.</summary>
/// <param name="Cut">The number.</param>
public sealed record CutOpened(long Cut) : ControlEntry;

/// <summary>Ranks that wait at the gate have no push under way: they adopt the open cut where they stand.</summary>
/// <param name="Ranks">The ranks.</param>
public sealed record CutAdopted(IReadOnlyList<int> Ranks) : ControlEntry;

/// <summary>The open cut ended.</summary>
/// <param name="Cut">Its number.</param>
/// <param name="Completed">Whether its manifest is written; otherwise it was given up.</param>
public sealed record CutClosed(long Cut, bool Completed) : ControlEntry;

/// <summary>Another policy is to be in force. Every live rank stands still; nobody goes on before all blocks have it.</summary>
/// <param name="Policy">The policy.</param>
/// <param name="Clock">The round that all go on in, if it has rounds; 0 otherwise.</param>
public sealed record PolicyChanged(TrainingPolicy Policy, long Clock) : ControlEntry;

/// <summary>All blocks have the newest policy.</summary>
/// <param name="Number">Its number.</param>
public sealed record PolicyTaken(long Number) : ControlEntry;

/// <summary>Other replicas hold a block.</summary>
/// <param name="Block">The block.</param>
/// <param name="Sites">Who holds it from now on.</param>
public sealed record MapChanged(int Block, BlockSites Sites) : ControlEntry;
