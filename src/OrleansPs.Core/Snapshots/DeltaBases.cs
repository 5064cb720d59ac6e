namespace OrleansPs.Core.Snapshots;

/// <summary>
/// The chunks that deltas of coming cuts rest on: by block the newest whole one of a snapshot that is complete. Belongs to one coordinator
/// of one generation, so that no delta rests on a cut that a restore went behind.
/// </summary>
/// <remarks>Not thread safe; <see cref="Superseded"/> is.</remarks>
public sealed class DeltaBases
{
    private readonly Dictionary<int, ChunkRecord> _whole = [];
    private long _newest = -1;

    /// <summary>Remembers the whole chunks of a snapshot that is complete now. Only shards of tables have deltas.</summary>
    /// <remarks>
    /// A manifest that is written late, after that of a newer cut, brings nothing: retention may delete its cut while deltas rest on it.
    /// </remarks>
    /// <param name="manifest">Its manifest.</param>
    public void Add(SnapshotManifest manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        if (manifest.Spec.Tables.Count == 0) return;
        if (manifest.Cut < _newest) return;
        _newest = manifest.Cut;
        foreach (var chunk in manifest.Chunks)
            if (chunk.Base is null) _whole[chunk.Block] = chunk;
    }

    /// <summary>The chunk that a block's next delta rests on; null if there is none.</summary>
    /// <param name="block">The block's index.</param>
    public ChunkRecord? Of(int block) => _whole.GetValueOrDefault(block);

    /// <summary>
    /// The cuts that retention deletes: all that are older than the newest so many good ones, but for those that a kept one is a delta of.
    /// </summary>
    /// <param name="cuts">All cuts, ascending, each with its manifest; null for one that is damaged.</param>
    /// <param name="keep">How many good ones stay, >= 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than one are to stay.</exception>
    public static IReadOnlyList<long> Superseded(IReadOnlyList<(long Cut, SnapshotManifest? Manifest)> cuts, int keep)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(keep, 1);
        SnapshotManifest[] good = [.. cuts.Select(c => c.Manifest).OfType<SnapshotManifest>().TakeLast(keep)];
        if (good.Length < keep) return [];
        var bases = good.SelectMany(BasesOf).ToHashSet();
        return [.. cuts.Select(c => c.Cut).Where(cut => cut < good[0].Cut && !bases.Contains(cut))];
    }

    private static IEnumerable<long> BasesOf(SnapshotManifest manifest)
    {
        foreach (var chunk in manifest.Chunks)
            if (chunk.Base is { } from && ChunkName.TryParse(manifest.Model, from.Name, out var identity)) yield return identity.Cut;
    }
}
