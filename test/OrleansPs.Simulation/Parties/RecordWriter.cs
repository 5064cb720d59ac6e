using OrleansPs.Core.Consistency;

namespace OrleansPs.Simulation;

/// <summary>
/// A coordinator's own copy of the control record, and the way to the other one, its witness. An entry counts when the witness has
/// it. A witness that is lost is replaced: the new one gets all of the own copy, then the storage is told of it, then it counts.
/// </summary>
internal sealed class RecordWriter
{
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(100);

    private readonly World _world;
    private readonly SimCoordinator _host;
    private readonly SimRecord _judge;
    private readonly ControlRecord _own;
    private readonly List<byte[]> _entries = [];
    private readonly long _first;
    private WitnessSite? _witness;
    private long _accepted;
    private long _replacing;
    private long _attempts;
    private bool _isSending;
    private bool _isRegistering;

    public RecordWriter(World world, SimCoordinator host, SimRecord judge, ControlState state, WitnessSite? witness)
    {
        (_world, _host, _judge, _witness) = (world, host, judge, witness);
        _own = new(world.Spec, state);
        _own.Raise(host.Term);
        _first = _accepted = state.Index;
    }

    /// <summary>How many entries are under way.</summary>
    public long Open => _own.Index - _accepted;

    public bool IsReplacing => _replacing > 0;

    public void Append(AppendToRecord append)
    {
        if (!_own.Append(append.Term, append.Index, append.Entry)) _world.Violate("P8", $"The own record refuses {append}.");
        _entries.Add(ControlEntryCodec.Encode(append.Entry));
        Pump();
    }

    /// <summary>The membership changed: a witness must be there, if there can be one.</summary>
    public void Heard(MembershipView view)
    {
        if (!_world.Model.HasWitness) return;
        var isGood = _witness is { } w && !view.Dead.Contains(w.Silo) && (view.Usable.Contains(w.Silo) || !Candidates(view).Any());
        if (!isGood && (_witness is not null || Candidates(view).Any())) Replace();
    }

    private IEnumerable<string> Candidates(MembershipView view) => view.Usable.Where(s => s != _host.Silo.Name && s != _witness?.Silo);

    private void Pump()
    {
        if (_isSending || IsReplacing || _own.Index == _accepted || _host.IsOver) return;
        if (_witness is null)
        {
            AcceptTo(_own.Index);
            return;
        }
        _isSending = true;
        Send(_accepted + 1);
    }

    private void AcceptTo(long index)
    {
        for (var i = _accepted + 1; i <= index; i++) _judge.Commit(_host.Term, i, EntryAt(i));
        Accepted(index);
    }

    private byte[] EntryAt(long index) => _entries[(int)(index - _first - 1)];

    private void Accepted(long index)
    {
        _accepted = Math.Max(_accepted, index);
        _host.Do((c, _) => c.RecordAccepted(index));
    }

    private void Send(long index)
    {
        if (_witness is not { } site || IsReplacing)
        {
            _isSending = false;
            return;
        }
        var (entry, term, isAnswered) = (EntryAt(index), _host.Term, false);
        _host.Silo.Ask(_world.Cluster.Find(site.Silo), 'a',
            silo => silo.Witnesses.TryGetValue(site.Nonce, out var witness) ? witness.Append(term, index, entry) : WitnessAnswer.Unknown,
            answer => _host.Run(() =>
            {
                if (isAnswered || _accepted >= index || _witness != site) return;
                isAnswered = true;
                Answered(answer, index);
            }));
        _host.Later(Retry, () =>
        {
            if (!isAnswered && _accepted < index && !_host.IsOver) Send(index);
        });
    }

    private void Answered(WitnessAnswer answer, long index)
    {
        _isSending = false;
        switch (answer)
        {
            case WitnessAnswer.Accepted:
                Accepted(index);
                Pump();
                break;
            case WitnessAnswer.Refused: _host.Depose(); break;
            default: Replace(); break;
        }
    }

    /// <summary>Makes another witness, or goes on without one where there is no other silo.</summary>
    private void Replace()
    {
        if (IsReplacing || _host.IsOver) return;
        _replacing = ++_attempts;
        _isSending = false;
        var (attempt, index) = (_replacing, _own.Index);
        var candidates = Candidates(_host.View).Where(s => !_host.View.Dead.Contains(s)).ToArray();
        if (candidates.Length == 0)
        {
            Register(attempt, null, () => _own.Index);
            return;
        }
        var silo = _world.Cluster.Find(candidates[_world.Scheduler.Random.Next(candidates.Length)]);
        var (state, term) = (ControlStateCodec.Encode(_own.Raise(_host.Term)!), _host.Term);
        _host.Silo.Ask(silo, 'w', s =>
        {
            var nonce = _world.NewNonce();
            s.Witnesses.Add(nonce, new(_world, _judge, state, term));
            return new WitnessSite(s.Name, nonce);
        }, site => _host.Run(() =>
        {
            // One is registered at a time: two swaps under way could end either way.
            if (_replacing == attempt && !_isRegistering) Register(attempt, site, () => index);
        }));
        _host.Later(TimeSpan.FromMilliseconds(500), () =>
        {
            if (_replacing == attempt && !_isRegistering) Again();
        });
    }

    private void Again()
    {
        _replacing = 0;
        _isRegistering = false;
        Replace();
    }

    /// <summary>Tells the storage. A swap that got no answer may have happened, so what is there is read again.</summary>
    private void Register(long attempt, WitnessSite? site, Func<long> index)
    {
        _isRegistering = true;
        var seen = _world.Storage.Record;
        if (seen.Generation != _host.Generation || seen.Term > _host.Term)
        {
            _host.Depose();
            return;
        }
        if (seen.Term == _host.Term && seen.Witness == site && site is not null)
        {
            Registered(site, index());
            return;
        }
        var next = seen with { Term = _host.Term, Witness = site };
        _world.Storage.SwapRecord(seen, next, () => !_host.IsOver && !_host.IsDead, () =>
        {
            for (var i = _judge.Count + 1; i <= index(); i++) _judge.Commit(_host.Term, i, EntryAt(i));
        }, answer => _host.Run(() =>
        {
            if (_replacing != attempt) return;
            if (answer == true) Registered(site, index());
            else _host.Later(TimeSpan.FromMilliseconds(10), () =>
            {
                if (_replacing == attempt) Register(attempt, site, index);
            });
        }));
    }

    private void Registered(WitnessSite? site, long index)
    {
        if (_world.Trace.IsOn) _world.Trace.Write($"the witness of term {_host.Term} is {site}");
        (_witness, _replacing, _isRegistering) = (site, 0, false);
        if (site is null) AcceptTo(_own.Index);
        else if (index > _accepted) Accepted(index);
        Pump();
        Heard(_host.View);
    }
}
