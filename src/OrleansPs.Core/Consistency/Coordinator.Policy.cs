using OrleansPs.Core.Messages;

namespace OrleansPs.Core.Consistency;

/// <summary>
/// Changes of policy. The gate closes; when every live rank stands still, the record gets the new policy, then every block, and only then
/// the gate opens again. So each step is of one policy from its first pull to its last push, and no block sees two at a time.
/// </summary>
public sealed partial class Coordinator
{
    // Ranks that may be at work: all that were let through since they ended a step or joined, and at first all that another coordinator may have let through.
    private readonly HashSet<int> _released = [];
    private TrainingPolicy? _target;
    private TimeSpan _changeAt;
    private bool _isChanging;

    /// <summary>The policy that is to come into force; null for none.</summary>
    public TrainingPolicy? NextPolicy => _state.SwitchFrom is null ? _target : _state.Policy;

    /// <summary>
    /// Asks for another policy. It comes into force when no cut is open, no round has begun, and every live rank stands still. One that was asked for and
    /// is not decided yet is replaced; asking for the present one takes it back.
    /// </summary>
    /// <param name="target">The policy; its number is given when it is decided.</param>
    /// <param name="now">The present time.</param>
    public void RequestPolicy(TrainingPolicy target, TimeSpan now)
    {
        ArgumentNullException.ThrowIfNull(target);
        if (_stopped is not null) return;
        _target = target == _state.Policy ? null : target;
        Advance(now);
    }

    /// <summary>All blocks have a policy.</summary>
    public void BlocksChanged(long number, TimeSpan now)
    {
        if (_stopped is not null || _state.SwitchFrom is null || _state.Policy.Number != number) return;
        _isChanging = false;
        Decide(new PolicyTaken(number));
        Tell(new PolicyInForce(_state.Policy));
        Advance(now);
    }

    /// <summary>A block did not answer: all are told again, after a pause.</summary>
    public void ChangeFailed(long number, TimeSpan now)
    {
        if (_state.Policy.Number == number) (_isChanging, _changeAt) = (false, now + AskAgain);
    }

    private static TrainingPolicy? Changed(TrainingPolicy policy) => policy.Number == 0 ? null : policy;

    /// <summary>What another coordinator decided is finished; while it was not, that one let nobody through.</summary>
    private void BeginPolicy(TimeSpan now)
    {
        if (_state.SwitchFrom is not null) TellBlocks();
        else foreach (var rank in _state.Ranks.Values.Where(r => r.Record.Status == WorkerStatus.Live)) _released.Add(rank.Record.Rank);
        _changeAt = now;
    }

    private void TellPolicyAgain(TimeSpan now)
    {
        if (_state.SwitchFrom is not null && !_isChanging && now >= _changeAt) TellBlocks();
    }

    private void TellBlocks()
    {
        _isChanging = true;
        Tell(new ChangeBlocks(_state.Policy, IsRounds ? _state.Round : 0, _state.SwitchFrom!.Value, [.. _state.Certificates]));
    }

    /// <summary>
    /// Who has to wait, though the gate would let it through. Whoever may have been let through already is not held: its call may be a late copy. A
    /// round that has begun is ended, so those who came meanwhile may do their part of it.
    /// </summary>
    private bool IsHeld(int rank) => _state.SwitchFrom is not null
        || (_target is not null && _state.OpenCut is null && !_released.Contains(rank) && !(IsRounds && HasBegun()));

    private void AdvancePolicy(TimeSpan now)
    {
        if (_target is not { } target || _state.OpenCut is not null || _state.SwitchFrom is not null) return;
        if ((IsRounds && HasBegun()) || !_state.Ranks.Values.All(StandsStill)) return;
        _target = null;
        Decide(new PolicyChanged(target with { Number = _state.Policy.Number + 1 }, target.IsRounds ? NextRound() : 0));
        _changeAt = now;
        TellBlocks();
    }

    /// <summary>
    /// Nobody plays the rank, or it has ended its step, or joined, and was not let through since. Where the gate is closed for it, no coordinator let it through.
    /// </summary>
    private bool StandsStill(RankState rank) =>
        rank.Record.Status != WorkerStatus.Live || !_released.Contains(rank.Record.Rank) || !IsOpenFor(rank);

    private bool HasBegun() => _state.Contributed > 0;

    /// <summary>The round that all go on in: nobody's clock falls.</summary>
    private long NextRound() => _state.Ranks.Values.Where(r => r.Participates).Select(r => r.Record.Clock).Append(_state.MinClock).Max();
}
