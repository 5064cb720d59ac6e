namespace OrleansPs.Core.Consistency;

/// <summary>Stragglers: whom the others wait for, and since when.</summary>
public sealed partial class Coordinator
{
    // By rank: since when it has waited at the gate, though its calls there were answered with Waiting. It is no decision, so no other coordinator knows of it.
    private readonly Dictionary<int, TimeSpan> _waits = [];

    /// <summary>
    /// The ranks that others wait for, and since when: under BSP those whose contribution to the open round is missing, under
    /// SSP those that are too far behind somebody who waits, and before a change of policy those that do not stand still yet. Empty while the gate is open for all who have come to it.
    /// </summary>
    public IReadOnlyDictionary<int, TimeSpan> Stragglers()
    {
        var stragglers = new SortedDictionary<int, TimeSpan>();
        foreach (var (waiting, since) in _waits)
        {
            if (IsOpenFor(_state.Ranks[waiting]) && !IsHeld(waiting)) continue;
            foreach (var (rank, state) in _state.Ranks)
                if (HoldsUp(state, _state.Ranks[waiting]) && !(stragglers.TryGetValue(rank, out var earlier) && earlier <= since)) stragglers[rank] = since;
        }
        return stragglers;
    }

    private bool HoldsUp(RankState rank, RankState waiting) => rank.Participates && (IsHeld(waiting.Record.Rank) ? !StandsStill(rank)
        : IsRounds ? rank.ContributedRound != _state.Round
        : waiting.Record.Clock - rank.Record.Clock > _state.Policy.Consistency.Staleness);
}
