using System.Text;
using OrleansPs.Core.Consistency;
using OrleansPs.Core.Snapshots;
using OrleansPs.Hosting;

namespace OrleansPs.Grains;

/// <summary>
/// How a coordinator follows another one on blocks that live: it takes a term by compare-and-swap, raises it where the control record
/// is, and only then reads the record. Whoever came before can decide nothing any more.
/// </summary>
internal sealed class ModelSuccession(ModelParts parts, ClusterServices services)
{
    private ISnapshotStore Store => parts.Environment.Store!;

    /// <summary>Takes over.</summary>
    /// <returns>Null if nobody knows where the last coordinator was.</returns>
    public async Task<ModelHost?> TryTakeOverAsync(ModelRecord kept, CancellationToken cancellationToken)
    {
        var pointer = await Store.ReadPointerAsync(parts.Spec.Name, cancellationToken).ConfigureAwait(false);
        var left = kept.Left is { } l && l.Term == pointer.Term ? l : null;
        if (left is null && kept.Witness is null) return null;
        var next = pointer with { Term = Math.Max(pointer.Term, kept.Term) + 1 };
        if (!await Store.TryWritePointerAsync(parts.Spec.Name, pointer, next, cancellationToken).ConfigureAwait(false))
            throw new ServerUnavailableException($"Another coordinator of model '{parts.Spec.Name}' comes too.");
        // From here on no older coordinator can name another witness.
        if (!await parts.Records.TryChangeAsync(next.Term, r => r with { Left = null }).ConfigureAwait(false))
            throw new ServerUnavailableException($"Another coordinator of model '{parts.Spec.Name}' came first.");
        var witness = parts.Records.Value!.Witness;
        var state = left is not null ? ControlStateCodec.Decode(parts.Spec, Encoding.UTF8.GetBytes(left.Control))
            : witness is not null ? await WitnessJournal.RaiseAsync(parts.Spec, witness, next.Term, services, cancellationToken).ConfigureAwait(false)
            : null;
        // A restore that was under way had begun a new generation, and the record is of the one before.
        if (state is null || state.Generation != pointer.Generation) return null;
        return await TakeOverAsync(kept.Origin, state, next.Term, left is null ? witness : null, cancellationToken).ConfigureAwait(false);
    }

    private async Task<ModelHost> TakeOverAsync(
        ModelOrigin origin, ControlState state, long term, WitnessRecord? witness, CancellationToken cancellationToken)
    {
        var journal = parts.Spec.Durability.IsReplicated ? parts.JournalOf(term, witness) : null;
        var blocks = parts.Factory.Present(state.Generation, state.Map, state.MapVersion);
        var last = state.LastCut == 0 ? null : await TryReadManifestAsync(state.LastCut, cancellationToken).ConfigureAwait(false);
        return await ModelHost.TakeOverAsync(parts.Spec, origin, state, term, blocks, last, parts.Environment, journal).ConfigureAwait(false);
    }

    private async Task<SnapshotManifest?> TryReadManifestAsync(long cut, CancellationToken cancellationToken)
    {
        try
        {
            return await Store.ReadManifestAsync(parts.Spec.Name, cut, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SnapshotNotFoundException or SnapshotCorruptException)
        {
            return null;
        }
    }
}
