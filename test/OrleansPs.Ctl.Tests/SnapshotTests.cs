using OrleansPs.Hosting;

namespace OrleansPs.Ctl.Tests;

public sealed class SnapshotTests
{
    [Fact]
    public async Task Snapshots_are_taken_listed_and_restored()
    {
        await using var bench = await Bench.StartAsync();
        await bench.Server.CreateModelAsync(Bench.Spec);
        await bench.TrainAsync(2);
        var before = await Bench.ReadAsync(bench.Server);
        Assert.StartsWith("snapshot 1 of round 0 (", (await bench.RunAsync("snapshots", "take", "m")).Output, StringComparison.Ordinal);
        var second = await bench.JsonAsync("snapshots", "take", "m");
        Assert.Equal(["model", "cut", "generation", "round", "takenAt", "bytes"], second.EnumerateObject().Select(p => p.Name));

        var rows = (await bench.RunAsync("snapshots", "list", "m")).Rows.ToArray();
        Assert.Equal("cut generation round taken bytes", rows[0]);
        Assert.StartsWith("1 1 0 ", rows[1], StringComparison.Ordinal);
        Assert.EndsWith(" KiB", rows[2], StringComparison.Ordinal);
        Assert.Equal([1, 2], (await bench.JsonAsync("snapshots", "list", "m")).EnumerateArray().Select(s => s.GetProperty("cut").GetInt64()));

        await bench.TrainAsync(1);
        Assert.NotEqual(before, await Bench.ReadAsync(bench.Server));
        var restored = await bench.RunAsync("snapshots", "restore", "m", "--cut", "1", "--workers", "1");
        Assert.StartsWith("model 'm' is put back to snapshot 1 of round 0 (", restored.Output, StringComparison.Ordinal);
        Assert.Equal(before, await Bench.ReadAsync(bench.Server));
        Assert.Equal(WorkerStatus.Evicted, (await bench.Server.GetStatusAsync("m")).Workers[1].Status);
    }

    [Fact]
    public async Task An_export_is_restored_by_another_server_with_the_same_bits()
    {
        await using var bench = await Bench.StartAsync();
        var values = await TrainAndTakeAsync(bench);
        await bench.TrainAsync(1);
        await bench.Server.TakeSnapshotAsync("m");

        var to = bench.Path("export");
        var exported = await bench.JsonAsync("snapshots", "export", "m", "--cut", "1", "--to", to);
        Assert.Equal(1, exported.GetProperty("cut").GetInt64());
        await using var other = await Bench.StartServerAsync(to);
        await other.CreateModelAsync(Bench.Spec);
        Assert.NotEqual(values, await Bench.ReadAsync(other));
        Assert.Equal(1, (await other.RestoreAsync("m")).Cut);
        Assert.Equal(values, await Bench.ReadAsync(other));
        Assert.Equal(2, (await other.TakeSnapshotAsync("m")).Cut);
    }

    [Fact]
    public async Task An_import_brings_the_chunks_first_and_the_manifest_last()
    {
        await using var source = await Bench.StartAsync();
        var values = await TrainAndTakeAsync(source);
        var directory = source.Path("export");
        Assert.EndsWith($" is exported to {directory}\n", (await source.RunAsync("snapshots", "export", "m", "--to", directory)).Output, StringComparison.Ordinal);

        await using var bench = await Bench.StartAsync();
        await bench.Server.CreateModelAsync(Bench.Spec);
        Assert.EndsWith($" is imported from {directory}\n", (await bench.RunAsync("snapshots", "import", "--from", directory, "m")).Output, StringComparison.Ordinal);
        Assert.Equal(["chunk g1-c1-b0-e0", "chunk g1-c1-b1-e0", "chunk g1-c1-b2-e0", "manifest 1"], bench.Admin.Story);
        await bench.Server.RestoreAsync("m");
        Assert.Equal(values, await Bench.ReadAsync(bench.Server));
    }

    [Fact]
    public async Task The_newest_whole_snapshot_is_imported()
    {
        await using var bench = await Bench.StartAsync();
        await TrainAndTakeAsync(bench);
        await bench.Server.TakeSnapshotAsync("m");
        await bench.Server.TakeSnapshotAsync("m");
        foreach (var cut in (string[])["1", "2", "3"]) await bench.RunAsync("snapshots", "export", "m", "--cut", cut, "--to", bench.Path("export"));
        File.Delete(Directory.GetFiles(bench.Path("export"), "g1-c3-b1-e0", SearchOption.AllDirectories).Single());

        Assert.Equal(2, (await bench.JsonAsync("snapshots", "import", "m", "--from", bench.Path("export"))).GetProperty("cut").GetInt64());
        var damaged = await bench.RunAsync("snapshots", "import", "m", "--from", bench.Path("export"), "--cut", "3");
        Assert.Equal(1, damaged.Status);
        Assert.EndsWith("is damaged: it is missing.\n", damaged.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("manifest 3", bench.Admin.Story);
    }

    [Fact]
    public async Task What_is_damaged_under_way_becomes_no_snapshot()
    {
        await using var bench = await Bench.StartAsync();
        await TrainAndTakeAsync(bench);
        bench.Admin.Wire = content => [.. content[..^1], (byte)(content[^1] ^ 1)];
        (await bench.RunAsync("snapshots", "export", "m", "--to", bench.Path("export")))
            .AssertFailed(1, "Snapshot g1-c1-b0-e0 is damaged: what arrived is not what its manifest describes.");
        Assert.Empty(await new DirectorySnapshotStore(bench.Path("export")).ListAsync("m", default));
    }

    [Fact]
    public async Task Progress_tells_every_chunk()
    {
        await using var bench = await Bench.StartAsync();
        await TrainAndTakeAsync(bench);
        var amounts = new Amounts();
        var info = await new SnapshotTransfer(bench.Admin, new DirectorySnapshotStore(bench.Path("export")), amounts).ExportAsync("m", null, default);
        Assert.Equal(4, amounts.Count);
        Assert.Equal(new(0, info.Bytes), amounts[0]);
        Assert.Equal(new(info.Bytes, info.Bytes), amounts[3]);
        Assert.Equal(amounts.OrderBy(a => a.Done), amounts);
    }

    [Fact]
    public async Task A_directory_that_a_server_works_on_is_not_exported_to()
    {
        await using var bench = await Bench.StartAsync();
        await TrainAndTakeAsync(bench);
        await using var other = await Bench.StartServerAsync(bench.Path("export"));
        var outcome = await bench.RunAsync("snapshots", "export", "m", "--to", bench.Path("export"));
        Assert.Equal((1, ""), (outcome.Status, outcome.Output));
        Assert.Contains("serves this directory already", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_snapshot_that_is_not_there_is_one_sentence()
    {
        await using var bench = await Bench.StartAsync();
        await bench.Server.CreateModelAsync(Bench.Spec);
        var (to, none) = (bench.Path("export"), "Model 'm' has no complete snapshot.");
        (await bench.RunAsync("snapshots", "export", "m", "--to", to)).AssertFailed(1, none);
        (await bench.RunAsync("snapshots", "import", "m", "--from", bench.Path("nowhere"))).AssertFailed(1, none);
        (await bench.RunAsync("snapshots", "restore", "m", "--cut", "9")).AssertFailed(1, "Model 'm' has no complete snapshot of cut 9.");
    }

    private static async Task<float[]> TrainAndTakeAsync(Bench bench)
    {
        await bench.Server.CreateModelAsync(Bench.Spec);
        await bench.TrainAsync(3);
        await bench.Server.TakeSnapshotAsync("m");
        return await Bench.ReadAsync(bench.Server);
    }

    private sealed class Amounts : List<Amount>, IProgress<Amount>
    {
        public void Report(Amount value) => Add(value);
    }
}
