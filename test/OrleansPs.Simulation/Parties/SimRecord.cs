using OrleansPs.Core.Consistency;

namespace OrleansPs.Simulation;

/// <summary>
/// The control record of one generation, which outlives coordinators. Each entry that it takes is told to the history that the
/// run is judged by.
/// </summary>
internal sealed class SimRecord(World world, ControlState state, History history)
{
    private readonly ControlRecord _record = new(world.Spec, state);
    private bool _isGone;

    public History History => history;

    public long Generation => history.Generation;

    /// <summary>The record dies with the machines of a whole crash.</summary>
    public void Crash() => _isGone = true;

    public ControlState? Raise(long term) => _isGone ? null : _record.Raise(term);

    public bool Append(AppendToRecord append)
    {
        if (_isGone) return false;
        var before = _record.Index;
        var accepted = _record.Append(append.Term, append.Index, append.Entry);
        if (_record.Index > before)
        {
            if (world.Trace.IsOn) world.Trace.Write($"record {Generation}/{append.Index} term {append.Term}: {append.Entry}");
            history.Apply(append.Entry);
        }
        return accepted;
    }
}
