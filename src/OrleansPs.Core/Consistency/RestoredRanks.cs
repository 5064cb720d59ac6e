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
    public static IEnumerable<RankRecord> Of(SnapshotManifest manifest, int? workers)
    {
        var count = workers ?? (manifest.Ranks.Count == 0 ? 0 : manifest.Ranks.Max(r => r.Rank) + 1);
        var ranks = manifest.Ranks.ToDictionary(r => r.Rank);
        for (var rank = 0; rank < count; rank++)
        {
            var record = ranks.GetValueOrDefault(rank);
            if (record is null && workers is null) continue;
            record ??= new(rank, 0, WorkerStatus.Expected, 0, manifest.Round, 0);
            var heir = manifest.Ranks.Where(r => r.Rank >= count && r.Rank % count == rank && HasData(r)).ToArray();
            var waited = heir.Length > 0 || workers is not null && record.Status == WorkerStatus.Evicted;
            yield return record with
            {
                Status = waited || HasData(record) ? WorkerStatus.Expected : record.Status,
                Inherited = [.. record.Inherited, .. heir.SelectMany(Cursors)],
            };
        }
    }

    private static bool HasData(RankRecord record) => record.Status is WorkerStatus.Live or WorkerStatus.Expected;

    private static IEnumerable<InheritedCursor> Cursors(RankRecord absent) =>
        [new(absent.Rank, absent.Step, absent.Cursor), .. absent.Inherited];
}
