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

    public async Task<long?> AppendAsync(IReadOnlyList<AppendToRecord> entries, Func<ControlState> state)
    {
        var last = entries[^1].Index;
        if (_witness is null) return _isRegistered ? last : await ReplaceAsync(state).ConfigureAwait(false);
        byte[][] bytes = [.. entries.Select(e => ControlEntryCodec.Encode(e.Entry))];
        var start = _services.Time.GetTimestamp();
        while (_witness is { } witness && !IsGone(witness) && _services.Time.GetElapsedTime(start) < ReplicationLimits.StandbyPatience)
        {
            _stop.ThrowIfCancellationRequested();
            var reply = await AskAsync(
                GrainOf(witness).Append(witness.Nonce, _term, entries[0].Index, bytes), s_askLimit).ConfigureAwait(false);
            if (reply is { Status: RecordStatus.Refused }) return null;
            if (reply is { Status: RecordStatus.Lost }) break;
            if (reply is not null && reply.Index >= last) return last;
            if (reply is null) await Task.Delay(s_pause, _services.Time, _stop).ConfigureAwait(false);
        }
        _failedSilo = _witness.Silo;
        return await ReplaceAsync(state).ConfigureAwait(false);
    }

    public async Task<long?> RenewAsync(Func<ControlState> state)
    {
        if (!_isRegistered) return await ReplaceAsync(state).ConfigureAwait(false);
        var isBadlyPlaced = _witness is not { } witness || IsGone(witness) || !Candidates().Contains(witness.Silo);
        return isBadlyPlaced && (Candidates().Count > 0 || _witness is { } w && IsGone(w))
            ? await ReplaceAsync(state).ConfigureAwait(false)
            : -1;
    }

    /// <summary>Raises a term at the witness that the storage names, and reads the record.</summary>
    /// <returns>Null if there is none, or it does not answer.</returns>
    public static async Task<ControlState?> RaiseAsync(
        ModelSpec spec, WitnessRecord witness, long term, ClusterServices services, CancellationToken cancellationToken)
    {
        var grain = services.Grains.GetGrain<IRecordControl>(witness.Key);
        for (var attempt = 0; attempt < Attempts * 4 && !services.Silos.IsGone(SiloAddress.FromParsableString(witness.Silo)); attempt++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var reply = await AskAsync(grain.Raise(witness.Nonce, term), s_askLimit).ConfigureAwait(false);
            if (reply is { Status: RecordStatus.Ok, State: { } state }) return ControlStateCodec.Decode(spec, state);
            if (reply is { Status: RecordStatus.Refused })
                throw new ServerUnavailableException($"Another coordinator of model '{spec.Name}' has the record.");
            if (reply is { Status: RecordStatus.Lost }) return null;
        }
        return null;
    }

    private async Task<long?> ReplaceAsync(Func<ControlState> state)
    {
        for (var attempt = 1; ; attempt++)
        {
            _stop.ThrowIfCancellationRequested();
            var present = state();
            var next = await MakeAsync(present, attempt).ConfigureAwait(false);
            try
            {
                if (!await _records.TryChangeAsync(_term, r => r with { Witness = next, Left = null }).ConfigureAwait(false)) return null;
                if (_witness is { } former) GrainOf(former).Close().Ignore();
                (_witness, _isRegistered) = (next, true);
                LogWitness(_logger, _spec.Name, next?.Silo ?? "nowhere: there is no other silo");
                return present.Index;
            }
            catch (SnapshotStorageException e)
            {
                if (next is not null) GrainOf(next).Close().Ignore();
                LogNotRegistered(_logger, _spec.Name, e.Message);
                await Task.Delay(s_pause * 5, _services.Time, _stop).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Makes a witness with a state; null if there is no silo for it.</summary>
    private async Task<WitnessRecord?> MakeAsync(ControlState state, int salt)
    {
        var bytes = ControlStateCodec.Encode(state);
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var candidates = Candidates();
            if (candidates.Count == 0) return null;
            var silo = candidates.FirstOrDefault(s => s != _failedSilo) ?? candidates[(salt + attempt) % candidates.Count];
            var key = BlockKey.OfRecord(_spec.Name, Guid.NewGuid(), SiloAddress.FromParsableString(silo));
            var reply = await AskAsync(_services.Grains.GetGrain<IRecordControl>(key).Begin(_specBytes, bytes, _term), s_beginLimit).ConfigureAwait(false);
            if (reply is { Status: RecordStatus.Ok }) return new(key, silo, reply.Nonce);
            _failedSilo = silo;
        }
        return null;
    }

    private IReadOnlyList<string> Candidates() =>
        [.. _placer.Usable().Where(s => s != _services.Silos.Local.ToParsableString() && !_placer.Avoids(SiloAddress.FromParsableString(s)))];

    private bool IsGone(WitnessRecord witness) => _services.Silos.IsGone(SiloAddress.FromParsableString(witness.Silo));

    private IRecordControl GrainOf(WitnessRecord witness) => _services.Grains.GetGrain<IRecordControl>(witness.Key);

    private static async Task<RecordReply?> AskAsync(Task<RecordReply> call, TimeSpan atMost)
    {
        using var limit = new CancellationTokenSource(atMost);
        try
        {
            return await Calls.WaitAsync(call, limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or ServerUnavailableException)
        {
            return null;
        }
    }

    [LoggerMessage(50, LogLevel.Information, "The control record of model {Model} has its second copy on {Silo}")]
    private static partial void LogWitness(ILogger logger, string model, string silo);

    [LoggerMessage(51, LogLevel.Warning, "The second copy of the control record of model {Model} could not be registered yet: {Reason}")]
    private static partial void LogNotRegistered(ILogger logger, string model, string reason);
}
