using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Simulation;

/// <summary>Holds rows against what may be in them: what workers read, what snapshots have, and what there is at the end.</summary>
internal static class RowCheck
{
    /// <summary>Finds the first wrong push in a row of a ledger.</summary>
    public static string? FirstWrong(World world, int table, long key, ReadOnlySpan<float> row, bool[] low, bool[] high, bool[] twice)
    {
        var work = world.Model.Rows!;
        bool[] mayBe = [.. high.Select((h, id) => h && work.SignOf(id, key) != 0)];
        bool[] mustBe = [.. low.Select((l, id) => l && work.SignOf(id, key) != 0)];
        var isAged = RowWork.IsAged(world.Spec, table);
        if (isAged && TooFew(world, row, mustBe) is { } few) return $"{few} in the row of key {key} of table {table}";
        return CounterCheck.FirstWrong(work.CountsOf(key, row), 0, isAged ? new bool[mustBe.Length] : mustBe, mayBe, twice) is { } wrong
            ? $"{world.Describe(wrong.Id)} {wrong.Problem} in the row of key {key} of table {table}"
            : null;
    }

    /// <summary>Where rows do not end, and no round adds pushes up, a row lacks only those that did not admit it.</summary>
    private static string? TooFew(World world, ReadOnlySpan<float> row, bool[] mustBe)
    {
        var lifetime = world.Model.Rows!.Lifetime!;
        if (lifetime.TimeToLive > 0 || world.Model.ChangesPolicy) return null;
        var missing = 0;
        for (var id = 0; id < mustBe.Length; id++)
            if (mustBe[id] && row[id] == 0) missing++;
        return missing < lifetime.AdmitAfter ? null : $"{missing} pushes are missing";
    }

    /// <summary>P5: a shard in a snapshot has the rows of the pushes that it says it has, and no other.</summary>
    public static void CheckImage(World world, SnapshotManifest manifest, BlockImage image, bool[] pushes)
    {
        var (shape, rows) = (world.Model.Layout.Blocks[image.Block], image.Rows!);
        var found = Enumerable.Range(0, rows.Count).ToDictionary(i => rows.Keys[i]);
        long[] own = [.. world.Model.Rows!.Keys.Where(key => RowWork.IsIn(world.Spec, shape, key))];
        if (found.Keys.Except(own).Any()) world.Violate("P5", $"Cut {manifest.Cut} has rows in block {image.Block} that nobody pushed.");
        foreach (var key in own)
        {
            var record = found.TryGetValue(key, out var at) ? rows.RecordOf(at) : default;
            if (IsLedger(world, shape.Table)) CheckLedger(world, manifest, shape.Table, key, record, pushes);
            else CheckReal(world, manifest, key, record);
        }
    }

    /// <summary>P1, P3 at the end of a run.</summary>
    public static void CheckEnd(World world, History history, BlockShape shape, long key, float[] row, bool[] low, bool[] high)
    {
        if (IsLedger(world, shape.Table))
        {
            if (FirstWrong(world, shape.Table, key, row, low, high, history.Twice) is { } wrong) world.Violate("P1", $"At the end {wrong}.");
            return;
        }
        if (!IsReal(row, history.RealRowAt(history.Round, key))) world.Violate("P3", $"At the end the row of key {key} in the real table has other bits.");
    }

    public static bool IsReal(ReadOnlySpan<float> row, RealRows.Row? expected) =>
        expected is null ? !row.ContainsAnyExcept(0f) : row.SequenceEqual(expected.Values);

    /// <summary>Whether a table's rows say which pushes are in them.</summary>
    public static bool IsLedger(World world, int table) => table == 0 || RowWork.IsAged(world.Spec, table);

    private static void CheckLedger(World world, SnapshotManifest manifest, int table, long key, ReadOnlySpan<float> record, bool[] pushes)
    {
        var row = record.IsEmpty ? new float[world.Work.Size] : record[..world.Work.Size];
        if (FirstWrong(world, table, key, row, pushes, pushes, world.Histories[manifest.Generation].Twice) is { } wrong)
            world.Violate("P5", $"Cut {manifest.Cut}: {wrong}.");
    }

    private static void CheckReal(World world, SnapshotManifest manifest, long key, ReadOnlySpan<float> record)
    {
        var expected = world.Histories[manifest.Generation].RealRowAt(manifest.Round, key);
        if (expected is null != record.IsEmpty)
        {
            world.Violate("P5", $"Cut {manifest.Cut} of round {manifest.Round} has a row of key {key} in the real table: {!record.IsEmpty}.");
            return;
        }
        if (expected is null) return;
        var width = expected.Values.Length;
        if (!record[..width].SequenceEqual(expected.Values) || !record.Slice(width, width).SequenceEqual(expected.Buffer))
            world.Violate("P5", $"Cut {manifest.Cut} has other bits in the row of key {key} in the real table.");
    }
}
