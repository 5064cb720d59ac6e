using OrleansPs.Hosting;

namespace OrleansPs.Hosting.Tests;

/// <summary>A damaged cut is skipped with its reason for the newest good one; that all are damaged is not the same as none.</summary>
public sealed class DamagedSnapshotTests : IDisposable
{
    private readonly SnapshotDirectory _directory = new();

    private DirectorySnapshotStore Store => _directory.Store;

    public void Dispose() => _directory.Dispose();

    public static TheoryData<string> Ways => [.. Damages.Keys];

    private static readonly Dictionary<string, (Action<SnapshotDirectory, long> Do, string Reason, bool IsListedWhole)> Damages = new()
    {
        ["a missing chunk"] = ((d, cut) => File.Delete(d.Chunk(cut, 1)), "it is missing", false),
        ["a directory in place of a chunk"] = ((d, cut) =>
        {
            File.Delete(d.Chunk(cut, 1));
            Directory.CreateDirectory(d.Chunk(cut, 1));
        }, "it is missing", false),
        ["no chunks at all"] = ((d, cut) => Directory.Delete(Path.Combine(d.Model, "chunks"), true), "it is missing", false),
        ["a truncated chunk"] = ((d, cut) => SnapshotDirectory.Truncate(d.Chunk(cut, 2), 50), "it has 50 bytes; the manifest says", false),
        ["an emptied chunk"] = ((d, cut) => SnapshotDirectory.Truncate(d.Chunk(cut, 2), 0), "it has 0 bytes", false),
        ["a longer chunk"] = ((d, cut) => File.AppendAllText(d.Chunk(cut, 0), "x"), "bytes; the manifest says", false),
        ["a flipped bit in a chunk"] = ((d, cut) => SnapshotDirectory.Flip(d.Chunk(cut, 0), 400), "its checksum is not the one in the manifest", true),
        ["the chunk of another block"] = ((d, cut) => File.Copy(d.Chunk(cut, 0), d.Chunk(cut, 1), true), "its checksum is not the one in the manifest", true),
        ["a flipped bit in the manifest"] = ((d, cut) => SnapshotDirectory.Flip(d.Manifest(cut), 300), "", false),
        ["a truncated manifest"] = ((d, cut) => SnapshotDirectory.Truncate(d.Manifest(cut), 500), "", false),
        ["an emptied manifest"] = ((d, cut) => SnapshotDirectory.Truncate(d.Manifest(cut), 0), "", false),
        ["a manifest of a newer program"] = ((d, cut) => File.WriteAllText(
            d.Manifest(cut), File.ReadAllText(d.Manifest(cut)).Replace("\"formatVersion\": 1", "\"formatVersion\": 2", StringComparison.Ordinal)),
            "its format version is 2; this program reads 1. Read it with the newer program that wrote it.", false),
        ["the manifest of another cut"] = ((d, cut) => File.Copy(d.Manifest(1), d.Manifest(cut), true), "it is the manifest of cut 1 of model 'm'", false),
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_damaged_newest_cut_is_skipped_with_its_reason(string way)
    {
        var (damage, reason, isListedWhole) = Damages[way];
        await Cuts.WriteAsync(Store, 1, 2);
        if (way == "no chunks at all")
        {
            // All chunks are in one directory, so this damage meets both cuts.
            damage(_directory, 2);
            await AllDamagedAsync(2, reason);
            return;
        }
        damage(_directory, 2);
        await Cuts.AssertWholeAsync(Store, isListedWhole ? [1, 2] : [1]);
        var loaded = await Cuts.LoadAsync(Store);
        Cuts.AssertIs(1, loaded);
        var skipped = Assert.Single(loaded.Skipped);
        Assert.Equal((2L, false), (skipped.Cut, skipped.IsWhole));
        Assert.Contains(reason, skipped.Problem, StringComparison.Ordinal);
        Assert.Contains(_directory.Model, skipped.Problem, StringComparison.Ordinal);

        // Whoever names the damaged cut is not given another one.
        var e = await Assert.ThrowsAsync<SnapshotCorruptException>(() => Cuts.LoadAsync(Store, 2));
        Assert.StartsWith(_directory.Model, e.Name, StringComparison.Ordinal);
        Cuts.AssertIs(1, await Cuts.LoadAsync(Store, 1));
    }

    [Fact]
    public async Task All_skipped_cuts_are_told_newest_first()
    {
        await Cuts.WriteAsync(Store, 1, 2, 3, 4);
        File.Delete(_directory.Chunk(4, 0));
        SnapshotDirectory.Flip(_directory.Chunk(3, 1), 10);
        SnapshotDirectory.Truncate(_directory.Manifest(2), 10);
        var loaded = await Cuts.LoadAsync(Store);
        Cuts.AssertIs(1, loaded);
        Assert.Equal([4, 3, 2], loaded.Skipped.Select(s => s.Cut));
    }

    [Fact]
    public async Task A_damaged_old_cut_does_not_matter()
    {
        await Cuts.WriteAsync(Store, 1, 2);
        File.Delete(_directory.Chunk(1, 0));
        var loaded = await Cuts.LoadAsync(Store);
        Cuts.AssertIs(2, loaded);
        Assert.Empty(loaded.Skipped);
    }

    [Fact]
    public async Task That_all_are_damaged_is_not_the_same_as_none()
    {
        await Cuts.WriteAsync(Store, 1, 2);
        SnapshotDirectory.Flip(_directory.Manifest(1), 20);
        SnapshotDirectory.Truncate(_directory.Chunk(2, 0), 60);
        await AllDamagedAsync(2, "it has 60 bytes");
    }

    [Fact]
    public async Task A_chunk_that_fits_the_manifest_but_is_none_is_refused()
    {
        var chunks = (await Cuts.WriteChunksAsync(Store, 1)).ToArray();
        // A faulty writer: the manifest's checksum fits a chunk of another cut under this cut's name.
        var wrong = await Store.WriteBlockAsync(Cuts.Identity(9, 0), Cuts.Image(9, 0), default);
        File.Move(_directory.Chunk(9, 0), _directory.Chunk(1, 0), overwrite: true);
        chunks[0] = chunks[0] with { Bytes = wrong.Bytes, Sha256 = wrong.Sha256 };
        await Store.WriteManifestAsync(Cuts.Manifest(1, chunks), default);
        var e = await Assert.ThrowsAsync<SnapshotCorruptException>(() => Cuts.LoadAsync(Store, 1));
        Assert.Contains("it is chunk g0-c9-b0-e0 of model 'm', not g0-c1-b0-e0", e.Problem, StringComparison.Ordinal);
    }

    private async Task AllDamagedAsync(int count, string newest)
    {
        var e = await Assert.ThrowsAsync<SnapshotCorruptException>(() => Cuts.LoadAsync(Store));
        Assert.Contains("'m'", e.Name, StringComparison.Ordinal);
        Assert.Contains($"none of its {count} cuts is whole", e.Problem, StringComparison.Ordinal);
        Assert.Contains(newest, e.Problem, StringComparison.Ordinal);
        Assert.False(e.IsTransient);
    }
}
