namespace OrleansPs.Core.Consistency;

/// <summary>
/// The ranks by number, and what is decided by all of them, kept so that a change of one rank is no look at every other: the slowest clock, and who is
/// missing from the open round.
/// </summary>
internal sealed class RankTable
{
    private readonly SortedDictionary<int, RankState> _ranks = [];
    private long _round;
    // No participating clock is below, and so many are equal; when it is none, the next question looks for the slowest anew. That happens once in about as many changes as there are ranks.
    private long _slowest = long.MaxValue;
    private int _slowestRanks;

    public IReadOnlyDictionary<int, RankState> All => _ranks;

    /// <summary>The open round.</summary>
    public long Round
    {
        get => _round;
        set
        {
            _round = value;
            (Contributed, Missing) = (0, 0);
            foreach (var rank in _ranks.Values) CountRound(rank, 1);
        }
    }

    /// <summary>How many ranks have contributed to the open round.</summary>
    public int Contributed { get; private set; }

    /// <summary>How many participating ranks have not.</summary>
    public int Missing { get; private set; }

    /// <summary>The slowest participating clock; null if nobody participates.</summary>
    public long? SlowestClock
    {
        get
        {
            if (_slowestRanks == 0) FindSlowest();
            return _slowestRanks == 0 ? null : _slowest;
        }
    }

    public RankState this[int rank]
    {
        get => _ranks[rank];
        set
        {
            if (_ranks.TryGetValue(rank, out var before)) Count(before, -1);
            _ranks[rank] = value;
            Count(value, 1);
        }
    }

    private static long? ClockOf(RankState rank) => rank.Participates ? rank.Record.Clock : null;

    private void Count(RankState rank, int by)
    {
        CountRound(rank, by);
        if (ClockOf(rank) is { } clock) CountClock(clock, by);
    }

    private void CountRound(RankState rank, int by)
    {
        var has = rank.ContributedRound == _round;
        if (has) Contributed += by;
        if (rank.Participates && !has) Missing += by;
    }

    private void CountClock(long clock, int by)
    {
        if (clock == _slowest) _slowestRanks += by;
        else if (clock < _slowest) (_slowest, _slowestRanks) = (clock, 1);
    }

    private void FindSlowest()
    {
        _slowest = long.MaxValue;
        foreach (var rank in _ranks.Values)
            if (ClockOf(rank) is { } clock) CountClock(clock, 1);
    }
}
