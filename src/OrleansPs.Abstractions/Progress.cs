namespace OrleansPs;

/// <summary>Where a rank is in its work.</summary>
/// <param name="Step">The step to do next, counted from 0 over the rank's life; it survives restarts.</param>
/// <param name="Clock">The clock of that step: the rank's place in the model's progress.</param>
/// <param name="Cursor">The data cursor given with the last finished step; 0 before the first.</param>
public readonly record struct WorkerPosition(long Step, long Clock, long Cursor)
{
    private readonly IReadOnlyList<InheritedCursor>? _inherited;

    /// <summary>The cut that the model was last put back to before the rank was taken up; 0 for none.</summary>
    public long RestoredCut { get; init; }

    /// <summary>Cursors of ranks that no longer exist and whose data this rank took over in a restore; mostly empty.</summary>
    public IReadOnlyList<InheritedCursor> Inherited
    {
        get => _inherited ?? [];
        init => _inherited = value is { Count: > 0 } ? value : null;
    }
}

/// <summary>Where the data of a rank that no longer exists goes on.</summary>
/// <param name="Rank">The rank that no longer exists.</param>
/// <param name="Step">How many steps it had finished.</param>
/// <param name="Cursor">The data cursor of its last finished step.</param>
public readonly record struct InheritedCursor(int Rank, long Step, long Cursor);

/// <summary>What a worker learns when it passes the gate at the end of a step.</summary>
/// <param name="Clock">The clock of the step that begins now.</param>
/// <param name="MinClock">The slowest participating worker's clock when this worker was let through.</param>
public readonly record struct ClockResult(long Clock, long MinClock)
{
    /// <summary>How many clocks this worker is ahead of the slowest: 0 under BSP, at most s under SSP(s).</summary>
    public long Staleness => Clock - MinClock;
}

/// <summary>What a rank is to its model.</summary>
public enum WorkerStatus
{
    /// <summary>The model waits for this rank; it has not joined yet, or not since a restore.</summary>
    Expected,

    /// <summary>The rank has a live session.</summary>
    Live,

    /// <summary>The rank ran out of data; nobody waits for it.</summary>
    OutOfData,

    /// <summary>The rank left; nobody waits for it.</summary>
    Left,

    /// <summary>The rank's lease ran out, or it was evicted by hand; nobody waits for it.</summary>
    Evicted,
}

/// <summary>One rank as the coordinator sees it.</summary>
/// <param name="Rank">The rank.</param>
/// <param name="Incarnation">How often the rank was taken up.</param>
/// <param name="Status">What the rank is to the model.</param>
/// <param name="Step">Steps finished.</param>
/// <param name="Clock">The rank's clock.</param>
/// <param name="Cursor">The data cursor of the last finished step.</param>
/// <param name="Waiting">Whether the worker waits at the gate.</param>
public sealed record WorkerInfo(
    int Rank, long Incarnation, WorkerStatus Status, long Step, long Clock, long Cursor, bool Waiting)
{
    /// <summary>
    /// For how long others have been waiting for this rank: under BSP its contribution to the open round is missing, under SSP it is too
    /// far behind. Null if nobody waits for it. A new coordinator counts from its own beginning.
    /// </summary>
    public TimeSpan? BlocksFor { get; init; }

    /// <summary>How many rounds closed without this rank, though it was live (see <see cref="ModelSpec.BackupWorkers"/>), since the model began or was put back.</summary>
    public long RoundsMissed { get; init; }
}

/// <summary>What a model is doing.</summary>
/// <param name="Spec">The model's spec.</param>
/// <param name="Generation">A number that rises whenever the model starts or is put back to a snapshot.</param>
/// <param name="Round">Under BSP the open round; otherwise the slowest clock.</param>
/// <param name="Blocks">How many blocks the model has.</param>
/// <param name="Workers">All ranks the model knows, by rank.</param>
/// <param name="LastSnapshot">The newest complete cut, or null.</param>
/// <param name="SnapshotError">Why the newest attempt at a snapshot failed, or null.</param>
public sealed record ModelStatus(
    ModelSpec Spec, long Generation, long Round, int Blocks, IReadOnlyList<WorkerInfo> Workers,
    SnapshotInfo? LastSnapshot, string? SnapshotError)
{
    /// <summary>The newest policy; the spec says what the model began with.</summary>
    public TrainingPolicy Policy { get; init; } = TrainingPolicy.Of(Spec);

    /// <summary>The policy that comes into force as soon as all workers stand still and all blocks have heard of it; null for none.</summary>
    public TrainingPolicy? NextPolicy { get; init; }
}

/// <summary>A complete snapshot.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Cut">The cut's number; never reused.</param>
/// <param name="Generation">The model's generation when it was taken.</param>
/// <param name="Round">Under BSP the number of closed rounds it holds; otherwise the slowest clock.</param>
/// <param name="TakenAt">When its manifest was written (UTC).</param>
/// <param name="Bytes">The size of all its chunks.</param>
public sealed record SnapshotInfo(
    string Model, long Cut, long Generation, long Round, DateTimeOffset TakenAt, long Bytes);

/// <summary>Which snapshot to restore, and for whom.</summary>
public sealed record RestoreOptions
{
    /// <summary>The cut to restore; null for the newest one that is whole.</summary>
    public long? Cut { get; init; }

    /// <summary>
    /// How many workers go on, >= 1; null for those of the cut. If there are fewer than before, the data of an absent rank r
    /// goes to rank r modulo this number, which finds it in <see cref="WorkerPosition.Inherited"/>. Stop the workers of absent
    /// ranks: one that resumes takes its own data up again.
    /// </summary>
    /// <remarks>
    /// Under SSP and ASP an absent rank may have left a half step, whose pushes are in the values (the manifest lists them as open).
    /// Its heir does that step again under its own rank, so those pushes may count twice. What an heir did with data it inherited is
    /// not kept: if the number of workers changes a second time, <see cref="WorkerPosition.Inherited"/> says again where the absent
    /// rank itself had stopped. Under BSP there are no half steps.
    /// </remarks>
    public int? Workers { get; init; }
}
