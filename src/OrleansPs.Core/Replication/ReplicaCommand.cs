namespace OrleansPs.Core.Replication;

/// <summary>The order of a coordinator's commands to replicas: those that come late are refused.</summary>
/// <param name="Term">The coordinator's term.</param>
/// <param name="Order">Drawn for each command of a term.</param>
public readonly record struct Stamp(long Term, long Order) : IComparable<Stamp>
{
    /// <inheritdoc/>
    public int CompareTo(Stamp other) => (Term, Order).CompareTo((other.Term, other.Order));

    /// <summary>Whether this one came before another.</summary>
    public static bool operator <(Stamp left, Stamp right) => left.CompareTo(right) < 0;

    /// <summary>Whether this one came after another.</summary>
    public static bool operator >(Stamp left, Stamp right) => left.CompareTo(right) > 0;

    /// <summary>Whether this one is another, or came before it.</summary>
    public static bool operator <=(Stamp left, Stamp right) => left.CompareTo(right) <= 0;

    /// <summary>Whether this one is another, or came after it.</summary>
    public static bool operator >=(Stamp left, Stamp right) => left.CompareTo(right) >= 0;
}

/// <summary>What a replica is told to do.</summary>
public enum ReplicaTask : byte
{
    /// <summary>
    /// Be the primary of this epoch, with this standby, or alone: the record has it so. Other replicas are no longer fed, nor waited for.
    /// </summary>
    Lead,

    /// <summary>Be the standby of this epoch.</summary>
    Follow,

    /// <summary>Bring a new replica up to date while pushes go on, and from then on acknowledge nothing without it.</summary>
    AddStandby,

    /// <summary>Take nothing more, and bring the standby up to date: another replica is to be the primary.</summary>
    Yield,
}

/// <summary>A coordinator's command to a replica. It comes only after the record has what it rests on, and may come twice.</summary>
/// <param name="Stamp">Its place in the order of commands.</param>
/// <param name="Task">What to do.</param>
/// <param name="Epoch">The epoch that it is about.</param>
/// <param name="Standby">The standby (Lead), the new replica (AddStandby); null for none.</param>
public sealed record ReplicaCommand(Stamp Stamp, ReplicaTask Task, long Epoch, ReplicaSite? Standby);

/// <summary>What a replica says to a command.</summary>
public enum ReplicaAnswer : byte
{
    /// <summary>It is done.</summary>
    Done,

    /// <summary>It is under way: ask again.</summary>
    Pending,

    /// <summary>A newer command has been heard.</summary>
    Stale,

    /// <summary>The replica is not there any more, or can't do this.</summary>
    Lost,

    /// <summary>The new replica can't be brought up to date; this one goes on without it when it is told to.</summary>
    StandbyFailed,
}

/// <summary>What a standby says to entries.</summary>
public enum StandbyStatus : byte
{
    /// <summary>It has all entries up to the one it names.</summary>
    Ok,

    /// <summary>It has not heard of this epoch yet: ask again.</summary>
    NotYet,

    /// <summary>It knows a newer epoch: the sender is the primary no longer.</summary>
    Deposed,

    /// <summary>It is empty, or of another generation.</summary>
    Lost,
}

/// <summary>A standby's answer to entries.</summary>
/// <param name="Status">The outcome.</param>
/// <param name="LastEntry">The newest entry that it has.</param>
/// <param name="Epoch">The epoch that it knows.</param>
public readonly record struct StandbyReply(StandbyStatus Status, long LastEntry, long Epoch);
