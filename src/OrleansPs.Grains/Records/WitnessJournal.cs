using Microsoft.Extensions.Logging;
using OrleansPs.Core.Consistency;
using OrleansPs.Core.Replication;
using OrleansPs.Core.Specs;
using OrleansPs.Hosting;
using OrleansPs.Protocol;

namespace OrleansPs.Grains;

/// <summary>
/// The control record's second copy: a grain on another silo than the coordinator, the witness. Which one it is stands in the model's record
/// in the storage, under the coordinator's term; so whoever takes over later finds the right one, and no coordinator before it can
/// name another. Where there is no other silo the coordinator is alone, and the storage says that too.
/// </summary>
internal sealed partial class WitnessJournal : IControlJournal
{
    private const int Attempts = 3;
    private static readonly TimeSpan s_askLimit = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_beginLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_raiseLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_shunned = TimeSpan.FromSeconds(3);

    private readonly ClusterServices _services;
    private readonly ModelSpec _spec;
    private readonly ModelRecords _records;
    private readonly BlockPlacer _placer;
    private readonly long _term;
    private readonly CancellationToken _stop;
    private readonly ILogger _logger;
    private readonly byte[] _specBytes;
    private WitnessRecord? _witness;
    private bool _isRegistered;
    private string? _failedSilo;
    private long _failedAt;

    /// <summary>A journal.</summary>
    /// <param name="spec">The model.</param>
    /// <param name="records">Its record in the storage.</param>
    /// <param name="placer">Says which silos may hold the witness.</param>
    /// <param name="services">The silo's services.</param>
    /// <param name="term">The coordinator's term.</param>
    /// <param name="witness">The witness that this term was raised at; null for none yet.</param>
    /// <param name="stop">The coordinator ends.</param>
    public WitnessJournal(
        ModelSpec spec, ModelRecords records, BlockPlacer placer, ClusterServices services, long term, WitnessRecord? witness,
        CancellationToken stop)
    {
        (_spec, _records, _placer, _services, _term, _stop) = (spec, records, placer, services, term, stop);
        (_witness, _isRegistered) = (witness, witness is not null);
        _logger = services.Loggers.CreateLogger<WitnessJournal>();
        _specBytes = ModelSpecJson.Encode(spec);
    }

    public bool HasCopy => _witness is not null;

    public async Task<long?> AppendAsync(IReadOnlyList<AppendToRecord> entries, Func<ControlState> state)
    {
        var last = entries[^1].Index;
        byte[][] bytes = [.. entries.Select(e => ControlEntryCodec.Encode(e.Entry))];
        while (true)
        {
            _stop.ThrowIfCancellationRequested();
            if (_witness is null && _isRegistered) return last;
            if (_witness is { } witness && !IsGone(witness))
            {
                var (isDone, safe) = await TryAppendAsync(witness, entries[0].Index, last, bytes).ConfigureAwait(false);
                if (isDone) return safe;
                Shun(witness.Silo);
            }
            if (await ReplaceAsync(state).ConfigureAwait(false) is not { } replaced) return null;
            if (replaced >= last) return replaced;
            await Task.Delay(s_pause, _services.Time, _stop).ConfigureAwait(false);
        }
    }

    /// <summary>Adds to the present witness, for as long as a standby may be silent.</summary>
    /// <returns>Whether that is decided, and how: null if a newer coordinator has the record.</returns>
    private async Task<(bool IsDone, long? Safe)> TryAppendAsync(WitnessRecord witness, long first, long last, byte[][] bytes)
    {
        var start = _services.Time.GetTimestamp();
        do
        {
            var reply = await AskAsync(GrainOf(witness).Append(witness.Nonce, _term, first, bytes), s_askLimit).ConfigureAwait(false);
            if (reply is { Status: RecordStatus.Refused }) return (true, null);
            if (reply is { Status: RecordStatus.Lost }) return (false, null);
            if (reply is not null && reply.Index >= last) return (true, last);
            await Task.Delay(s_pause, _services.Time, _stop).ConfigureAwait(false);
        }
        while (!IsGone(witness) && _services.Time.GetElapsedTime(start) < ReplicationLimits.StandbyPatience);
        return (false, null);
    }

    public async Task<long?> RenewAsync(Func<ControlState> state)
    {
        if (!_isRegistered) return await ReplaceAsync(state).ConfigureAwait(false);
        var isLost = _witness is { } witness && IsGone(witness);
        var others = Candidates();
        var isBadlyPlaced = others.Count > 0 && !(_witness is { } w && others.Contains(w.Silo));
        return isLost || isBadlyPlaced ? await ReplaceAsync(state).ConfigureAwait(false) : -1;
    }

    /// <summary>Raises a term at the witness that the storage names, and reads the record.</summary>
    /// <returns>Null if there is none any more.</returns>
    /// <exception cref="ServerUnavailableException">
    /// It is not known to be gone and does not answer: whoever comes next asks again, and meanwhile the membership decides.
    /// </exception>
    public static async Task<ControlState?> RaiseAsync(
        ModelSpec spec, WitnessRecord witness, long term, ClusterServices services, CancellationToken cancellationToken)
    {
        var grain = services.Grains.GetGrain<IRecordControl>(witness.Key);
        for (var start = services.Time.GetTimestamp(); services.Time.GetElapsedTime(start) < s_raiseLimit;)
        {
            if (services.Silos.IsGone(SiloAddress.FromParsableString(witness.Silo))) return null;
            var reply = await AskAsync(grain.Raise(witness.Nonce, term), s_askLimit).ConfigureAwait(false);
            if (reply is { Status: RecordStatus.Ok, State: { } state }) return ControlStateCodec.Decode(spec, state);
            if (reply is { Status: RecordStatus.Refused })
                throw new ServerUnavailableException($"Another coordinator of model '{spec.Name}' has the record.");
            if (reply is { Status: RecordStatus.Lost }) return null;
            await Task.Delay(s_pause, services.Time, cancellationToken).ConfigureAwait(false);
        }
        throw new ServerUnavailableException($"The control record of model '{spec.Name}' on {witness.Silo} does not answer.");
    }

    /// <summary>
    /// Makes a new witness and names it in the storage. As long as the present one is not gone and there is none to take its place it is kept:
    /// silence makes nobody alone. Who is alone, of two that can't hear each other, only the membership decides.
    /// </summary>
    private async Task<long?> ReplaceAsync(Func<ControlState> state)
    {
        var present = state();
        var next = await MakeAsync(present).ConfigureAwait(false);
        if (next is null && (_witness is { } kept ? !IsGone(kept) : HasOthers())) return -1;
        while (true)
        {
            _stop.ThrowIfCancellationRequested();
            try
            {
                if (!await _records.TryChangeAsync(_term, r => r with { Witness = next, Left = null }).ConfigureAwait(false))
                {
                    if (next is not null) GrainOf(next).Close().Ignore();
                    return null;
                }
                if (_witness is { } former) GrainOf(former).Close().Ignore();
                (_witness, _isRegistered) = (next, true);
                LogWitness(_logger, _spec.Name, next?.Silo ?? "nowhere: there is no other silo");
                return present.Index;
            }
            catch (SnapshotStorageException e)
            {
                // It may be named already: it is kept, and named once more. Nothing is added to the record meanwhile.
                LogNotRegistered(_logger, _spec.Name, e.Message);
                await Task.Delay(s_pause * 5, _services.Time, _stop).ConfigureAwait(false);
            }
        }
    }

    // One that has never named a witness may not say that there is none while somebody could be it.
    private bool HasOthers() => _placer.Usable().Any(s => s != _services.Silos.Local.ToParsableString());

    /// <summary>Makes a witness with a state; null if there is no silo for it that answers.</summary>
    private async Task<WitnessRecord?> MakeAsync(ControlState state)
    {
        var bytes = ControlStateCodec.Encode(state);
        for (var attempt = 0; attempt < Attempts && Candidates() is [var silo, ..]; attempt++)
        {
            var key = BlockKey.OfRecord(_spec.Name, Guid.NewGuid(), SiloAddress.FromParsableString(silo));
            var reply = await AskAsync(_services.Grains.GetGrain<IRecordControl>(key).Begin(_specBytes, bytes, _term), s_beginLimit).ConfigureAwait(false);
            if (reply is { Status: RecordStatus.Ok }) return new(key, silo, reply.Nonce);
            Shun(silo);
        }
        return null;
    }

    /// <summary>The other silos that may hold the witness; not one that just failed to.</summary>
    private IReadOnlyList<string> Candidates()
    {
        var shunned = _failedSilo is not null && _services.Time.GetElapsedTime(_failedAt) < s_shunned ? _failedSilo : null;
        return [.. _placer.Usable().Where(s => s != shunned && s != _services.Silos.Local.ToParsableString()
            && !_placer.Avoids(SiloAddress.FromParsableString(s)))];
    }

    private void Shun(string silo) => (_failedSilo, _failedAt) = (silo, _services.Time.GetTimestamp());

    private bool IsGone(WitnessRecord witness) => _services.Silos.IsGone(SiloAddress.FromParsableString(witness.Silo));

    private IRecordControl GrainOf(WitnessRecord witness) => _services.Grains.GetGrain<IRecordControl>(witness.Key);

    private static async Task<RecordReply?> AskAsync(Task<RecordReply> call, TimeSpan atMost) =>
        (await Calls.TryAsync(call, atMost).ConfigureAwait(false)).Answer;

    [LoggerMessage(50, LogLevel.Information, "The control record of model {Model} has its second copy on {Silo}")]
    private static partial void LogWitness(ILogger logger, string model, string silo);

    [LoggerMessage(51, LogLevel.Warning, "The second copy of the control record of model {Model} could not be registered yet: {Reason}")]
    private static partial void LogNotRegistered(ILogger logger, string model, string reason);
}
