using OrleansPs.Core.Messages;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Core.Consistency;

/// <summary>Which ranks go on after a restore, and who owns the data of those that do not.</summary>
internal static class RestoredRanks
{
    /// <summary>
    /// The ranks of a manifest, those that were live now being waited for. With fewer workers the data of an absent rank r
    /// goes to rank r modulo their number; with more, the new ranks start at step 0.
    /// </summary>
    /// <remarks>
    /// An absent rank is kept as evicted: blocks still know its pushes, so if it ever comes back it must go on counting its steps.
    /// </remarks>
    /// <param name="manifest">The snapshot.</param>
    /// <param name="workers">How many workers go on; null for those of the cut.</param>
    /// <param name="rankLimit">How many ranks there may be; beyond it none is kept.</param>
    public static IEnumerable<RankRecord> Of(SnapshotManifest manifest, int? workers, int rankLimit)
    {
        if (workers is not { } count)
            return manifest.Ranks.Select(r => IsActive(r) ? r with { Status = WorkerStatus.Expected } : r);
        return Enumerable.Range(0, count).Select(rank => Present(manifest, rank, count))
            .Concat(manifest.Ranks.Where(r => r.Rank >= count && r.Rank < rankLimit).Select(r => Absent(manifest, r)));
    }

    private static RankRecord Present(SnapshotManifest manifest, int rank, int count)
    {
        var record = Find(manifest, rank) ?? new RankRecord(rank, 0, WorkerStatus.Expected, 0, manifest.Round, 0);
        var left = manifest.Ranks.Where(r => r.Rank >= count && r.Rank % count == rank && OwnsData(manifest, r)).ToArray();
        var isWaitedFor = left.Length > 0 || IsActive(record) || record.Status == WorkerStatus.Evicted;
        return record with
        {
            Status = isWaitedFor ? WorkerStatus.Expected : record.Status,
            Inherited = [.. Inherited(manifest, record, count), .. left.SelectMany(r => Cursors(manifest, r, count))],
        };
    }

    /// <summary>What one that was done had inherited is done too: it stays with it, or its first owner would seem to have no heir.</summary>
    private static RankRecord Absent(SnapshotManifest manifest, RankRecord record) => record with
    {
        Status = IsActive(record) ? WorkerStatus.Evicted : record.Status,
        Inherited = OwnsData(manifest, record) ? [] : record.Inherited,
    };

    /// <summary>Whether a rank that does not go on leaves data that nobody has taken over yet.</summary>
    private static bool OwnsData(SnapshotManifest manifest, RankRecord record) => IsActive(record)
        || (record.Status == WorkerStatus.Evicted && !manifest.Ranks.Any(r => r.Inherited.Any(i => i.Rank == record.Rank)));

    private static bool IsActive(RankRecord record) => record.Status is WorkerStatus.Live or WorkerStatus.Expected;

    private static RankRecord? Find(SnapshotManifest manifest, int rank) => manifest.Ranks.FirstOrDefault(r => r.Rank == rank);

    private static IEnumerable<InheritedCursor> Cursors(SnapshotManifest manifest, RankRecord absent, int count) =>
        [new(absent.Rank, absent.Step, absent.Cursor), .. Inherited(manifest, absent, count)];

    /// <summary>What a rank has taken over; a rank that has come back, or comes back now, has its own data again.</summary>
    private static IEnumerable<InheritedCursor> Inherited(SnapshotManifest manifest, RankRecord record, int count) =>
        record.Inherited.Where(i => i.Rank >= count && !(Find(manifest, i.Rank) is { } back && IsActive(back)));
}
