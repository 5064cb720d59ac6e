using OrleansPs.Core.Snapshots;
using OrleansPs.Core.Specs;

namespace OrleansPs.Core.Consistency;

/// <summary>What has to hold of a snapshot that a model is to be put back to.</summary>
public static class RestoreRule
{
    /// <summary>Where the snapshot's spec differs from the model's; null if it can be restored as it is.</summary>
    public static string? FirstDifference(ModelSpec spec, SnapshotManifest manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        return ModelSpecComparison.FirstDifference(manifest.Spec, spec, ignoreWorkers: true);
    }

    /// <summary>Checks how many workers are to go on.</summary>
    /// <param name="spec">The model's spec.</param>
    /// <param name="manifest">The snapshot.</param>
    /// <param name="workers">How many; null for those of the snapshot.</param>
    /// <exception cref="InvalidOptionsException">The model allows not so many, or it has to be said how many.</exception>
    public static void CheckWorkers(ModelSpec spec, SnapshotManifest manifest, int? workers)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(manifest);
        if (workers is < 1 || workers > spec.RankLimit)
            throw new InvalidOptionsException("Workers", workers, $"it must be 1 to {spec.RankLimit}.");
        var ranks = manifest.Ranks.Select(r => r.Rank + 1).DefaultIfEmpty(0).Max();
        if (workers is null && ranks > spec.RankLimit)
            throw new InvalidOptionsException("Workers", null,
                $"cut {manifest.Cut} has {ranks} ranks and the model allows {spec.RankLimit}: say how many workers go on.");
    }
}
