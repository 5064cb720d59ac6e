using System.Text;
using OrleansPs.Core.Consistency;
using OrleansPs.Core.Snapshots;
using OrleansPs.Hosting;

namespace OrleansPs.Grains;

/// <summary>
/// How a coordinator follows another one on blocks that live: it takes a term by compare-and-swap, raises it where the control record
/// is, and only then reads the record. Whoever came before can decide nothing any more.
/// </summary>
internal sealed class ModelSuccession(ModelParts parts, ModelPointer known, ClusterServices services)
{
    private ISnapshotStore Store => parts.Environment.Store!;

    /// <summary>The model's numbers as this coordinator knows them: what it read, and then what it made of that.</summary>
    public ModelPointer Known { get; private set; } = known;

    /// <summary>Takes over.</summary>
    /// <returns>Null if nobody knows where the last coordinator was.</returns>
    public async Task<ModelHost?> TryTakeOverAsync(ModelRecord kept, CancellationToken cancellationToken)
    {
        var left = kept.Left is { } l && l.Term == kept.Term ? l : null;
        if (left is null && kept.Witness is null) return null;
        if (await NextPointer.TakeTermAsync(Store, parts.Spec.Name, Known, kept.Term, cancellationToken).ConfigureAwait(false) is not { } next)
            throw new ServerUnavailableException($"Another coordinator of model '{parts.Spec.Name}' comes too.");
        Known = next;
        return left is not null
            ? await FromWhatWasLeftAsync(kept, left, next.Generation, next.Term, cancellationToken).ConfigureAwait(false)
            : await FromWitnessAsync(kept, next.Generation, next.Term, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What was left is used up only when this coordinator has it where the next one will look for it.</summary>
    private async Task<ModelHost?> FromWhatWasLeftAsync(
        ModelRecord kept, HandedOver left, long generation, long term, CancellationToken cancellationToken)
    {
        var state = ControlStateCodec.Decode(parts.Spec, Encoding.UTF8.GetBytes(left.Control));
        if (state.Generation != generation) return null;
        var last = await TryReadManifestAsync(state.LastCut, cancellationToken).ConfigureAwait(false);
        var journal = await parts.BeginJournalAsync(state, term).ConfigureAwait(false);
        if (kept.Witness is { } former) services.Grains.GetGrain<IRecordControl>(former.Key).Close().Ignore();
        return await TakeOverAsync(state, term, journal, last).ConfigureAwait(false);
    }

    /// <summary>The record's term rises before the witness's: from there on no older coordinator can name another witness.</summary>
    private async Task<ModelHost?> FromWitnessAsync(ModelRecord kept, long generation, long term, CancellationToken cancellationToken)
    {
        if (!await parts.Records.TryChangeAsync(term, r => r with { Left = null }).ConfigureAwait(false)) throw CameFirst();
        if (parts.Records.Value!.Witness is not { } witness) return null;
        var state = await WitnessJournal.RaiseAsync(parts.Spec, witness, term, services, cancellationToken).ConfigureAwait(false);
        // A restore that was under way had begun a new generation, and the record is of the one before.
        if (state is null || state.Generation != generation) return null;
        var last = await TryReadManifestAsync(state.LastCut, cancellationToken).ConfigureAwait(false);
        return await TakeOverAsync(state, term, parts.JournalOf(term, witness), last).ConfigureAwait(false);
    }

    // The record is under this term by now, so its origin is the last one that anybody wrote.
    private Task<ModelHost> TakeOverAsync(
        ControlState state, long term, IControlJournal? journal, SnapshotManifest? last) => ModelHost.TakeOverAsync(
            parts.Spec, parts.Records.Value!.Origin, state, term, parts.Factory.Present(state.Generation, state.Map, state.MapVersion), last, parts.Environment, journal);

    private ServerUnavailableException CameFirst() => new($"Another coordinator of model '{parts.Spec.Name}' came first.");

    private async Task<SnapshotManifest?> TryReadManifestAsync(long cut, CancellationToken cancellationToken)
    {
        if (cut == 0) return null;
        try
        {
            return await Store.ReadManifestAsync(parts.Spec.Name, cut, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SnapshotNotFoundException or SnapshotCorruptException or SnapshotStorageException)
        {
            return null;
        }
    }
}
