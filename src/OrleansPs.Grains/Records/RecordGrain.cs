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

    public Task<RecordReply> Begin(byte[] spec, byte[] state, long term)
    {
        var model = specs.Get(spec).Spec;
        if (_record is { } present && present.Term > term) return Task.FromResult(Reply(RecordStatus.Refused));
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

    private RecordReply Reply(RecordStatus status) => new(status, _nonce, _record?.Index ?? 0, null);

    private RecordReply Lost()
    {
        if (_record is null) DeactivateOnIdle();
        return Reply(RecordStatus.Lost);
    }
}
