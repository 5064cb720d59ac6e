namespace OrleansPs.Core.Messages;

/// <summary>How long coordinators let a call wait.</summary>
public static class Parking
{
    /// <summary>
    /// A join or clock that has to wait is answered with <see cref="CoordinatorStatus.Waiting"/> after this long at the latest,
    /// and asked again. So a session gives such a call this much more time than other ones.
    /// </summary>
    public static TimeSpan Limit { get; } = TimeSpan.FromSeconds(1);
}

/// <summary>What a coordinator answers, in general.</summary>
public enum CoordinatorStatus : byte
{
    /// <summary>Done; the rest of the reply holds.</summary>
    Ok,

    /// <summary>The worker still has to wait at the gate: ask again with the same command.</summary>
    Waiting,

    /// <summary>A newer incarnation plays this rank, taken up by another session.</summary>
    Fenced,

    /// <summary>The rank was evicted: resume.</summary>
    Evicted,

    /// <summary>The model is of another generation: it was put back to a snapshot, or started again; resume.</summary>
    OtherGeneration,

    /// <summary>This coordinator is no longer the model's; ask again.</summary>
    NotCoordinator,

    /// <summary>The rank is not below the model's limit.</summary>
    RankOutOfRange,

    /// <summary>The command does not fit the rank's state, such as a clock for a step that is not the rank's next.</summary>
    Refused,

    /// <summary>The round of this step closed without the worker, as a round may that has backup workers: the step must be done again.</summary>
    StepClosed,
}

/// <summary>Take up a rank.</summary>
/// <param name="Rank">The rank.</param>
/// <param name="Nonce">Drawn by the session for each join; the same nonce means the same join.</param>
/// <param name="Incarnation">
/// On a resume the incarnation that the session had: if a newer one plays the rank already, the resume is refused as
/// <see cref="CoordinatorStatus.Fenced"/>. -1 on a first join.
/// </param>
/// <param name="Generation">
/// The generation that the incarnation is of; those of different generations can't be compared. -1 on a first join.
/// </param>
public readonly record struct JoinCommand(int Rank, Guid Nonce, long Incarnation, long Generation = -1);

/// <summary>The answer to a join: all a session has to know.</summary>
/// <param name="Status">
/// The outcome. <see cref="CoordinatorStatus.Waiting"/>: the rank's newest step is finished but its round is still open; ask
/// again with the same nonce.
/// </param>
/// <param name="Generation">The model's generation.</param>
/// <param name="Term">The coordinator's term.</param>
/// <param name="Incarnation">The session's incarnation.</param>
/// <param name="Step">The step to do next.</param>
/// <param name="Clock">Its clock.</param>
/// <param name="Cursor">The data cursor of the last finished step.</param>
/// <param name="MinClock">The slowest participating clock.</param>
/// <param name="Cut">The newest cut: the session's pushes carry it.</param>
/// <param name="RestoredCut">The cut the model was last put back to, or 0.</param>
/// <param name="Certificates">The newest certificates that blocks may lack, ascending; under BSP up to the open round.</param>
/// <param name="Inherited">Cursors of ranks that no longer exist.</param>
public sealed record JoinReply(
    CoordinatorStatus Status, long Generation, long Term, long Incarnation, long Step, long Clock, long Cursor,
    long MinClock, long Cut, long RestoredCut, IReadOnlyList<Certificate> Certificates,
    IReadOnlyList<InheritedCursor> Inherited)
{
    /// <summary>The version of the block map: what a block of an older one answers is not to be relied on.</summary>
    public long MapVersion { get; init; }

    /// <summary>The policy in force; null for that of the spec.</summary>
    public TrainingPolicy? Policy { get; init; }
}

/// <summary>End a step, and wait for the gate. Idempotent by rank, incarnation and step.</summary>
/// <param name="Generation">The session's generation.</param>
/// <param name="Rank">The rank.</param>
/// <param name="Incarnation">The session's incarnation.</param>
/// <param name="Step">The step that is finished.</param>
/// <param name="Cursor">Where the data goes on.</param>
public readonly record struct ClockCommand(long Generation, int Rank, long Incarnation, long Step, long Cursor);

/// <summary>The answer to a clock.</summary>
/// <param name="Status">The outcome.</param>
/// <param name="Clock">The clock of the next step.</param>
/// <param name="MinClock">The slowest participating clock when the worker was let through.</param>
/// <param name="Cut">The newest cut: the session's pushes carry it from now on.</param>
/// <param name="Term">The coordinator's term.</param>
/// <param name="Certificate">Under BSP the certificate that closed the round; null otherwise.</param>
public readonly record struct ClockReply(
    CoordinatorStatus Status, long Clock, long MinClock, long Cut, long Term, Certificate? Certificate)
{
    /// <summary>The version of the block map: what a block of an older one answers is not to be relied on.</summary>
    public long MapVersion { get; init; }

    /// <summary>The policy in force; null for that of the spec. A worker works by it from its next step on.</summary>
    public TrainingPolicy? Policy { get; init; }
}

/// <summary>The answer to a request for certificates.</summary>
/// <param name="Generation">The generation that they are of.</param>
/// <param name="Certificates">Ascending by round; those that blocks may still lack.</param>
public sealed record CertificateList(long Generation, IReadOnlyList<Certificate> Certificates);

/// <summary>What a session says of itself without ending a step.</summary>
public enum PresenceKind : byte
{
    /// <summary>It is alive.</summary>
    Heartbeat,

    /// <summary>It has no more data: rounds and gates no longer wait for it.</summary>
    OutOfData,

    /// <summary>It leaves for good.</summary>
    Leave,
}

/// <summary>Renews a lease, or ends a rank's part.</summary>
/// <param name="Kind">What it says.</param>
/// <param name="Generation">The session's generation.</param>
/// <param name="Rank">The rank.</param>
/// <param name="Incarnation">The session's incarnation.</param>
public readonly record struct PresenceCommand(PresenceKind Kind, long Generation, int Rank, long Incarnation);

/// <summary>The answer to a presence.</summary>
/// <param name="Status">The outcome.</param>
/// <param name="MinClock">The slowest participating clock.</param>
public readonly record struct PresenceReply(CoordinatorStatus Status, long MinClock)
{
    /// <summary>The version of the block map: what a block of an older one answers is not to be relied on.</summary>
    public long MapVersion { get; init; }
}
