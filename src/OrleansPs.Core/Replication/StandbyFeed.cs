namespace OrleansPs.Core.Replication;

/// <summary>How far one standby is, as its primary knows it.</summary>
public sealed class StandbyFeed
{
    internal StandbyFeed(ReplicaSite site, long acknowledged, byte[]? state)
    {
        (Site, Acknowledged) = (site, acknowledged);
        // A missing array would become empty memory, which is a state.
        if (state is null) IsRequired = true;
        else State = state;
    }

    /// <summary>The standby.</summary>
    public ReplicaSite Site { get; }

    /// <summary>The newest entry that it has said to have; before it has its state, the one that the state ends with.</summary>
    public long Acknowledged { get; internal set; }

    /// <summary>What a new standby begins with, until it has it; then null.</summary>
    public ReadOnlyMemory<byte>? State { get; internal set; }

    /// <summary>Whether nothing is acknowledged without it.</summary>
    public bool IsRequired { get; internal set; }

    /// <summary>Whether it can't be brought up to date any more.</summary>
    public bool IsLost { get; internal set; }

    /// <summary>The newest entry when it became required: with this one it is up to date.</summary>
    internal long RequiredFrom { get; set; }
}
