using OrleansPs.Core.Replication;

namespace OrleansPs.Core.Consistency;

/// <summary>A command that a replica has not answered yet.</summary>
internal sealed record OpenCommand(ReplicaSite Site, ReplicaCommand Command)
{
    public TimeSpan SentAt { get; set; }
}

/// <summary>What is under way about one block's replicas. It is not in the record: the next coordinator begins it anew.</summary>
internal sealed class BlockWork
{
    /// <summary>The primary is to be told that it leads.</summary>
    public OpenCommand? Lead { get; set; }

    /// <summary>When the primary was last told that it leads.</summary>
    public TimeSpan LeadAt { get; set; }

    /// <summary>The standby is to be told that it follows.</summary>
    public OpenCommand? Follow { get; set; }

    /// <summary>The primary brings a new standby up to date, or yields.</summary>
    public OpenCommand? Step { get; set; }

    /// <summary>The attempt at making a new replica; 0 for none.</summary>
    public long Attempt { get; set; }

    /// <summary>The silo it is made on.</summary>
    public string? Silo { get; set; }

    /// <summary>The replica that is to be the next standby, or the next primary of a block without one.</summary>
    public ReplicaSite? Joiner { get; set; }

    /// <summary>When the attempt or the join began.</summary>
    public TimeSpan Since { get; set; }

    /// <summary>The silo where the last attempt failed: another one is better.</summary>
    public string? FailedSilo { get; set; }

    /// <summary>Not before this time a new attempt is made.</summary>
    public TimeSpan NotBefore { get; set; }

    /// <summary>The standby that the primary says is lost: it goes if the primary, asked whether it is there, says so again; null for none.</summary>
    public Guid? Suspect { get; set; }

    /// <summary>The command by which the primary is asked about it: what it says later it says of the present.</summary>
    public Stamp SuspectStamp { get; set; }

    /// <summary>When the primary answered that was asked about it.</summary>
    public TimeSpan? SuspectAt { get; set; }

    public bool IsJoining => Attempt != 0 || Joiner is not null;

    public bool IsIdle => Lead is null && Follow is null && Step is null && !IsJoining;
}
