using OrleansPs.Core.Consistency;

namespace OrleansPs.Simulation;

/// <summary>
/// A silo's attempt at being coordinator: takes a term, then the model's record, then raises the term at the witness and reads it.
/// Several may be under way at a time.
/// </summary>
internal sealed class Election(World world, SimSilo silo)
{
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(100);
    private Pointer _pointer;
    private bool _hasRecord;

    public bool IsOver { get; private set; }

    public bool IsUnderWay => !IsOver && silo.IsUp;

    /// <summary>Whether it waits for a swap: nobody knows yet whose the term and the record are.</summary>
    public bool IsSwapping => !IsOver && !_hasRecord && !silo.Process.IsDead;

    public void Begin()
    {
        var seen = world.Storage.Pointer;
        _pointer = seen with { Term = seen.Term + 1 };
        world.Storage.Swap(seen, _pointer, () => IsSwapping, swapped => silo.Process.Do(() =>
        {
            if (swapped == true) TakeRecord();
            else IsOver = true;
        }));
    }

    /// <summary>A swap that got no answer may have happened: what is there is read again.</summary>
    private void TakeRecord()
    {
        var seen = world.Storage.Record;
        if (seen.Generation != _pointer.Generation || seen.Term > _pointer.Term) IsOver = true;
        // Who has no second copy decides alone; only its death makes room for another one.
        else if (seen.Term < _pointer.Term && seen.Witness is null && !world.IsRecordLost) IsOver = true;
        else if (seen.Term == _pointer.Term) Raise(seen);
        else world.Storage.SwapRecord(seen, seen with { Term = _pointer.Term }, () => IsSwapping, () => { },
            _ => silo.Later(world.Scheduler.Milliseconds(0.1, 10), TakeRecord));
    }

    private void Raise(ModelRecord seen)
    {
        if (IsOver) return;
        _hasRecord = true;
        if (world.Storage.Record != seen)
        {
            IsOver = true;
            return;
        }
        if (seen.Witness is not { } site || world.Cluster.Find(site.Silo).IsDeclaredDead)
        {
            Lost();
            return;
        }
        var term = _pointer.Term;
        silo.Ask(world.Cluster.Find(site.Silo), 't', s => s.Witnesses.TryGetValue(site.Nonce, out var witness)
            ? (true, witness.Raise(term)) : (false, null), answer => Answered(site, answer.Item1, answer.Item2));
        silo.Later(Retry, () => Raise(seen));
    }

    private void Answered(WitnessSite site, bool isThere, byte[]? state)
    {
        if (IsOver) return;
        if (!isThere) Lost();
        IsOver = true;
        if (state is null || world.Operator.IsRestoring || world.Record.Generation != _pointer.Generation) return;
        world.Trace.Write($"coordinator of term {_pointer.Term} on {silo.Name}");
        world.Take(new(world, silo, world.Record, ControlStateCodec.Decode(world.Spec, state), _pointer.Term, site));
    }

    private void Lost()
    {
        IsOver = true;
        world.Operator.RecordLost(_pointer.Generation);
    }
}
