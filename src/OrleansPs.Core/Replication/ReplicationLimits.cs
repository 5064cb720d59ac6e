namespace OrleansPs.Core.Replication;

/// <summary>What bounds the work on replicas.</summary>
public static class ReplicationLimits
{
    /// <summary>So many replicas of a model are brought up to date at a time.</summary>
    public static int JoinsAtOnce => 8;

    /// <summary>A replica that is not up to date after this long is given up.</summary>
    public static TimeSpan JoinPatience { get; } = TimeSpan.FromSeconds(30);

    /// <summary>After an attempt failed the next one waits this long.</summary>
    public static TimeSpan JoinPause { get; } = TimeSpan.FromSeconds(1);

    /// <summary>A primary whose standby does not answer for this long asks to go on without it.</summary>
    public static TimeSpan StandbyPatience { get; } = TimeSpan.FromSeconds(1);

    /// <summary>A primary of which nothing is to be wanted is asked so often whether it is there.</summary>
    public static TimeSpan LookPeriod { get; } = TimeSpan.FromSeconds(5);

    /// <summary>Entries go to a standby in batches of about so many bytes.</summary>
    public static long BatchBytes => 1 << 20;
}
