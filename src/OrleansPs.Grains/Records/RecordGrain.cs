using Orleans.Concurrency;
using Orleans.GrainDirectory;
using Orleans.Placement;
using OrleansPs.Core.Consistency;

namespace OrleansPs.Grains;

/// <summary>
/// Keeps a copy of a model's control record in memory: what a coordinator decided is told to nobody before this has it, and the
/// next coordinator begins with it. Like a block's, an activation that nobody began knows nothing and says so.
/// </summary>
[Reentrant, KeepAlive, Immovable, RandomPlacement, GrainDirectory(PlaceDirectory.Name)]
internal sealed class RecordGrain(SpecCache specs) : Grain, IRecordControl
{
    private readonly Guid _nonce = Guid.NewGuid();
    private ControlRecord? _record;
    private OrphanWatch? _orphan;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        this.RegisterGrainTimer(LookForOwnerAsync, new() { DueTime = OrphanWatch.Period, Period = OrphanWatch.Period, Interleave = true });
        return Task.CompletedTask;
    }

    public Task<RecordReply> Begin(byte[] spec, byte[] state, long term)
    {
        // Every beginning has a key of its own, so a second one is a copy that comes late, of a state that is old.
        if (_record is { } present) return Task.FromResult(Reply(present.Term > term ? RecordStatus.Refused : RecordStatus.Ok));
        var model = specs.Get(spec).Spec;
        _orphan = new(GrainFactory.GetGrain<ICoordinatorControl>(model.Name));
        _record = new(model, ControlStateCodec.Decode(model, state));
        _record.Raise(term);
        return Task.FromResult(Reply(RecordStatus.Ok));
    }

    public Task<RecordReply> Append(Guid nonce, long term, long first, byte[][] entries)
    {
        if (nonce != _nonce || _record is not { } record) return Task.FromResult(Lost());
        for (var i = 0; i < entries.Length; i++)
            if (!record.Append(term, first + i, ControlEntryCodec.Decode(entries[i])))
                return Task.FromResult(Reply(term == record.Term ? RecordStatus.Lost : RecordStatus.Refused));
        return Task.FromResult(Reply(RecordStatus.Ok));
    }

    public Task<RecordReply> Raise(Guid nonce, long term)
    {
        if (nonce != _nonce || _record is not { } record) return Task.FromResult(Lost());
        return Task.FromResult(record.Raise(term) is { } state
            ? Reply(RecordStatus.Ok) with { State = ControlStateCodec.Encode(state) }
            : Reply(RecordStatus.Refused));
    }

    public Task Close()
    {
        _record = null;
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    private async Task LookForOwnerAsync()
    {
        if (_orphan is not null && await _orphan.IsOrphanAsync(0, -1, _nonce)) await Close();
    }

    private RecordReply Reply(RecordStatus status) => new(status, _nonce, _record?.Index ?? 0, null);

    private RecordReply Lost()
    {
        if (_record is null) DeactivateOnIdle();
        return Reply(RecordStatus.Lost);
    }
}
