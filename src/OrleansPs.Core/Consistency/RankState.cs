using OrleansPs.Core.Messages;

namespace OrleansPs.Core.Consistency;

/// <summary>What the control state holds of a rank.</summary>
public sealed record RankState
{
    internal const int KeptNonces = 4;

    /// <summary>The rank, with its status, finished steps, clock and cursor.</summary>
    public required RankRecord Record { get; init; }

    /// <summary>The nonce of the join that made the present incarnation.</summary>
    public Guid Nonce { get; init; }

    /// <summary>The nonces of the joins before, newest first, a few of them: a join that comes late takes nothing over.</summary>
    public IReadOnlyList<Guid> PastNonces { get; init; } = [];

    /// <summary>
    /// The nonces of first joins, newest first, a few of them. A late copy of a resume is known by its incarnation too, however often its rank was
    /// taken up since, as happens to a rank that is late in round after round; one of a first join is known by its nonce alone.
    /// </summary>
    public IReadOnlyList<Guid> FirstNonces { get; init; } = [];

    /// <summary>Under BSP the newest round the rank contributed to, and -1 before.</summary>
    public long ContributedRound { get; init; } = -1;

    /// <summary>The incarnation that made that contribution.</summary>
    public long ContributedIncarnation { get; init; }

    /// <summary>How many rounds closed without this rank while it was live.</summary>
    public long RoundsMissed { get; init; }

    /// <summary>The newest cut that the rank has adopted: its pushes carry it.</summary>
    public long Cut { get; init; }

    /// <summary>Whether rounds and gates wait for this rank.</summary>
    public bool Participates => Record.Status is WorkerStatus.Live or WorkerStatus.Expected;

    /// <summary>A rank that nobody has taken up yet.</summary>
    public static RankState Expected(int rank) => new() { Record = new(rank, 0, WorkerStatus.Expected, 0, 0, 0) };
}
