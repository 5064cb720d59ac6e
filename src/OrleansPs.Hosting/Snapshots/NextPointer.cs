using OrleansPs.Hosting;

namespace OrleansPs.Hosting;

/// <summary>Raises the numbers of a model in its storage.</summary>
internal static class NextPointer
{
    private const int Attempts = 16;

    /// <summary>A new generation and a new term, and a cut number above all that left a trace.</summary>
    /// <param name="store">The storage.</param>
    /// <param name="model">The model.</param>
    /// <param name="known">
    /// The generation and the term that whoever asks has, or has seen before it looked at anything else: what it is about to put in
    /// their place it decided by what it knew of them.
    /// </param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Null, and nothing has changed, if somebody else has raised them meanwhile.</returns>
    public static async ValueTask<ModelPointer?> RaiseAsync(
        ISnapshotStore store, string model, ModelPointer known, CancellationToken cancellationToken)
    {
        var cuts = await store.ListAsync(model, cancellationToken).ConfigureAwait(false);
        var newest = cuts.Count == 0 ? 0 : cuts[^1].Cut;
        return await SwapAsync(
            store, model,
            p => p.IsOfSameTermAs(known) ? new(p.Generation + 1, p.Term + 1, Math.Max(p.NextCut, newest + 1)) : null,
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A new term, for a coordinator that goes on with the blocks of the present generation.</summary>
    /// <param name="store">The storage.</param>
    /// <param name="model">The model.</param>
    /// <param name="known">The generation and the term that it has seen before it looked at anything else.</param>
    /// <param name="above">Another term that it is to be above.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Null, and nothing has changed, if somebody else has raised them meanwhile.</returns>
    public static ValueTask<ModelPointer?> TakeTermAsync(
        ISnapshotStore store, string model, ModelPointer known, long above, CancellationToken cancellationToken) => SwapAsync(
            store, model, p => p.IsOfSameTermAs(known) ? p with { Term = Math.Max(p.Term, above) + 1 } : null, cancellationToken);

    /// <summary>A cut's number is used up.</summary>
    public static async ValueTask PassAsync(ISnapshotStore store, string model, long cut, CancellationToken cancellationToken) =>
        await SwapAsync(store, model, p => p with { NextCut = Math.Max(p.NextCut, cut + 1) }, cancellationToken).ConfigureAwait(false);

    /// <summary>Gives out the next cut number, or a larger one if it is to be at least that.</summary>
    public static async ValueTask<long> TakeCutAsync(ISnapshotStore store, string model, long atLeast, CancellationToken cancellationToken)
    {
        var cuts = await store.ListAsync(model, cancellationToken).ConfigureAwait(false);
        var least = Math.Max(atLeast, cuts.Count == 0 ? 1 : cuts[^1].Cut + 1);
        var next = await SwapAsync(store, model, p => p with { NextCut = Math.Max(p.NextCut, least) + 1 }, cancellationToken).ConfigureAwait(false);
        return next!.Value.NextCut - 1;
    }

    private static async ValueTask<ModelPointer?> SwapAsync(
        ISnapshotStore store, string model, Func<ModelPointer, ModelPointer?> raise, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var expected = await store.ReadPointerAsync(model, cancellationToken).ConfigureAwait(false);
            if (raise(expected) is not { } next) return null;
            if (next == expected) return next;
            if (await store.TryWritePointerAsync(model, expected, next, cancellationToken).ConfigureAwait(false)) return next;
        }
        throw new SnapshotStorageException($"Model '{model}'", $"its numbers changed under {Attempts} tries to raise them.", transient: true);
    }
}
