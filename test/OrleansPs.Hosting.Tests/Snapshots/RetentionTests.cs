using OrleansPs.Hosting;

namespace OrleansPs.Hosting.Tests;

/// <summary>Which snapshots are kept, and which files are deleted.</summary>
public sealed class RetentionTests : IDisposable
{
    private const string Tail = ".0123456789abcdef0123456789abcdef.tmp";

    private readonly SnapshotDirectory _directory = new();

    private DirectorySnapshotStore Store => _directory.Store;

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(5, 5)]
    [InlineData(9, 5)]
    public async Task The_newest_so_many_are_kept(int keep, int kept)
    {
        await Cuts.WriteAsync(Store, 1, 2, 3, 4, 5);
        await Store.RetainAsync(Cuts.Model, keep, default);
        await Cuts.AssertWholeAsync(Store, [.. Enumerable.Range(6 - kept, kept)]);
        Assert.Equal(kept * (Cuts.Blocks + 1), _directory.Files().Length);
        Cuts.AssertIs(5, await Cuts.LoadAsync(Store));
        Cuts.AssertIs(6 - kept, await Cuts.LoadAsync(Store, 6 - kept));
    }

    [Fact]
    public async Task Damaged_cuts_do_not_count()
    {
        await Cuts.WriteAsync(Store, 1, 2, 3, 4, 5);
        File.Delete(_directory.Chunk(5, 0));
        SnapshotDirectory.Truncate(_directory.Manifest(3), 7);
        await Store.RetainAsync(Cuts.Model, 2, default);
        // 3 and 5 are kept as evidence: they are not older than the second newest good one.
        await Cuts.AssertWholeAsync(Store, 2, 4);
        await Cuts.AssertDamagedAsync(Store, 3, 5);
        await Cuts.WriteAsync(Store, 6);
        await Store.RetainAsync(Cuts.Model, 2, default);
        await Cuts.AssertWholeAsync(Store, 4, 6);
        await Cuts.AssertDamagedAsync(Store, 5);
    }

    [Fact]
    public async Task Nothing_is_deleted_while_there_are_too_few_good_ones()
    {
        await Cuts.WriteAsync(Store, 1, 2, 3);
        File.Delete(_directory.Chunk(1, 0));
        File.Delete(_directory.Chunk(3, 0));
        await Store.RetainAsync(Cuts.Model, 2, default);
        await Cuts.AssertWholeAsync(Store, 2);
        await Cuts.AssertDamagedAsync(Store, 1, 3);
    }

    [Fact]
    public async Task At_least_one_must_be_kept() =>
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Store.RetainAsync(Cuts.Model, 0, default));

    [Fact]
    public async Task A_deletion_takes_the_chunks_too_and_can_be_repeated()
    {
        await Cuts.WriteAsync(Store, 1, 2);
        await Store.DeleteAsync(Cuts.Model, 1, default);
        await Store.DeleteAsync(Cuts.Model, 1, default);
        Assert.Equal(Cuts.Blocks + 1, _directory.Files().Length);
        Cuts.AssertIs(2, await Cuts.LoadAsync(Store));
    }

    [Fact]
    public async Task What_an_aborted_cut_left_is_deleted_but_not_the_open_one()
    {
        await Cuts.WriteAsync(Store, 1);
        await Cuts.WriteChunksAsync(Store, 2);
        await Cuts.WriteChunksAsync(Store, 3);
        await Store.DeleteOrphansAsync(Cuts.Model, openCut: 3, default);
        Assert.Equal([1L, 1, 1, 3, 3, 3], CutsOfChunks());
        await Store.DeleteOrphansAsync(Cuts.Model, openCut: null, default);
        Assert.Equal([1L, 1, 1], CutsOfChunks());
        Cuts.AssertIs(1, await Cuts.LoadAsync(Store));
    }

    [Fact]
    public async Task What_is_written_under_a_reserved_number_stays_until_that_is_released()
    {
        await Cuts.WriteAsync(Store, 1);
        Assert.Equal(2, await Store.ReserveCutAsync(Cuts.Model, 1, default));
        Assert.Equal(7, await Store.ReserveCutAsync(Cuts.Model, 7, default));
        Assert.Equal(8, await Cuts.TakeNumberAsync(Store));
        await Cuts.WriteChunksAsync(Store, 2);
        await Cuts.WriteChunksAsync(Store, 7);
        await File.WriteAllTextAsync(_directory.Manifest(7) + Tail, "half");
        await Store.DeleteOrphansAsync(Cuts.Model, openCut: null, default);
        Assert.Equal([1L, 1, 1, 2, 2, 2, 7, 7, 7], CutsOfChunks());
        Assert.True(File.Exists(_directory.Manifest(7) + Tail));

        Store.ReleaseCut(Cuts.Model, 2);
        await Store.DeleteOrphansAsync(Cuts.Model, openCut: null, default);

        Assert.Equal([1L, 1, 1, 7, 7, 7], CutsOfChunks());
    }

    [Fact]
    public async Task The_chunks_of_a_damaged_manifest_are_kept_for_its_repair()
    {
        await Cuts.WriteAsync(Store, 1);
        SnapshotDirectory.Truncate(_directory.Manifest(1), 3);
        await Store.DeleteOrphansAsync(Cuts.Model, null, default);
        Assert.Equal([1L, 1, 1], CutsOfChunks());
    }

    [Fact]
    public async Task Half_written_files_are_deleted_but_not_the_open_cuts()
    {
        await Cuts.WriteAsync(Store, 1);
        string[] dead = [_directory.Chunk(1, 0), _directory.Chunk(2, 1), _directory.Manifest(2)];
        string[] open = [_directory.Chunk(3, 0), _directory.Manifest(3)];
        foreach (var path in (string[])[.. dead, .. open]) await File.WriteAllTextAsync(path + Tail, "half");
        await Store.DeleteOrphansAsync(Cuts.Model, openCut: 3, default);
        Assert.All(dead, path => Assert.False(File.Exists(path + Tail), path));
        Assert.All(open, path => Assert.True(File.Exists(path + Tail), path));
        await Store.DeleteOrphansAsync(Cuts.Model, openCut: null, default);
        Assert.Equal(Cuts.Blocks + 1, _directory.Files().Length);
    }

    [Fact]
    public async Task Half_written_pointers_go_when_the_pointer_is_written_again()
    {
        await Cuts.TakeNumberAsync(Store);
        await File.WriteAllTextAsync(_directory.Pointer + Tail, "half");
        Assert.Equal(2, await Cuts.TakeNumberAsync(Store));
        Assert.Equal(["m/pointer.json", "m/pointer.lock"], _directory.Files());
    }

    private long[] CutsOfChunks() =>
    [
        .. Directory.EnumerateFiles(Path.Combine(_directory.Model, "chunks"))
            .Select(f => long.Parse(Path.GetFileName(f).Split('-')[1][1..], System.Globalization.CultureInfo.InvariantCulture)).Order(),
    ];
}
