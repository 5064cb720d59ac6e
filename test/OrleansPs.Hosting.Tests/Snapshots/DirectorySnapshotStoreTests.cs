using OrleansPs.Core.Snapshots;
using OrleansPs.Core.Tests.Snapshots;
using OrleansPs.Hosting;

namespace OrleansPs.Hosting.Tests;

/// <summary>What is written to a directory, read from it, and refused.</summary>
public sealed class DirectorySnapshotStoreTests : IDisposable
{
    private readonly SnapshotDirectory _directory = new();

    private DirectorySnapshotStore Store => _directory.Store;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_snapshot_comes_back_as_it_was()
    {
        await Cuts.WriteAsync(Store, 1, 2);
        Cuts.AssertIs(2, await Cuts.LoadAsync(Store));
        Cuts.AssertIs(1, await Cuts.LoadAsync(Store, 1));
        Assert.Empty((await Cuts.LoadAsync(Store)).Skipped);
    }

    [Fact]
    public async Task Every_file_has_its_bytes_of_the_first_day()
    {
        await Cuts.WriteAsync(Store, 17);
        await Store.TryWritePointerAsync(Cuts.Model, new(0, 0, 18), new(2, 3, 18), default);
        foreach (var file in _directory.Files().Where(f => !f.EndsWith(".lock", StringComparison.Ordinal)))
            GoldenFile.Check($"directory/{file}", await File.ReadAllBytesAsync(Path.Combine(_directory.Path, file)));
    }

    [Fact]
    public async Task A_directory_of_the_first_day_is_read()
    {
        string[] files =
            ["m/chunks/g0-c17-b0-e0", "m/chunks/g0-c17-b1-e0", "m/chunks/g0-c17-b2-e0", "m/manifest-17.json", "m/pointer.json"];
        Directory.CreateDirectory(Path.Combine(_directory.Path, "m", "chunks"));
        foreach (var file in files) await File.WriteAllBytesAsync(Path.Combine(_directory.Path, file), GoldenFile.Read($"directory/{file}"));
        Cuts.AssertIs(17, await Cuts.LoadAsync(Store));
        Assert.Equal(new(2, 3, 18), await Store.ReadPointerAsync(Cuts.Model, default));
        Assert.Equal(files, _directory.Files());
    }

    [Fact]
    public async Task A_cut_without_a_manifest_is_invisible()
    {
        await Cuts.WriteAsync(Store, 1);
        await Cuts.WriteChunksAsync(Store, 2);
        await Cuts.AssertWholeAsync(Store, 1);
        await Cuts.AssertDamagedAsync(Store);
        Cuts.AssertIs(1, await Cuts.LoadAsync(Store));
        var e = await Assert.ThrowsAsync<SnapshotNotFoundException>(() => Cuts.LoadAsync(Store, 2));
        Assert.Equal((Cuts.Model, 2L), (e.Model, e.Cut));
    }

    [Fact]
    public async Task A_manifest_is_refused_while_a_chunk_is_missing_or_short()
    {
        var chunks = await Cuts.WriteChunksAsync(Store, 1);
        File.Delete(_directory.Chunk(1, 2));
        var missing = await RefusedAsync(1, chunks);
        Assert.Equal(_directory.Chunk(1, 2), missing.Name);

        await Cuts.WriteChunksAsync(Store, 1);
        SnapshotDirectory.Truncate(_directory.Chunk(1, 0), 100);
        Assert.Contains("it has 100 bytes", (await RefusedAsync(1, chunks)).Problem, StringComparison.Ordinal);
        Assert.False(File.Exists(_directory.Manifest(1)));
    }

    [Fact]
    public async Task Writing_the_same_again_is_harmless()
    {
        await Cuts.WriteAsync(Store, 1, 1);
        Cuts.AssertIs(1, await Cuts.LoadAsync(Store));
    }

    [Fact]
    public async Task A_manifest_is_never_overwritten_by_another()
    {
        await Cuts.WriteAsync(Store, 1);
        var chunks = await Cuts.WriteChunksAsync(Store, 1);
        var other = Cuts.Manifest(1, chunks) with { Round = 99 };
        var e = await Assert.ThrowsAsync<SnapshotStorageException>(() => Store.WriteManifestAsync(other, default).AsTask());
        Assert.Equal((_directory.Manifest(1), false), (e.Location, e.IsTransient));
        Cuts.AssertIs(1, await Cuts.LoadAsync(Store));
    }

    [Fact]
    public async Task A_model_without_snapshots_has_none()
    {
        Assert.Empty(await Store.ListAsync(Cuts.Model, default));
        var e = await Assert.ThrowsAsync<SnapshotNotFoundException>(() => Cuts.LoadAsync(Store));
        Assert.Null(e.Cut);
        await Assert.ThrowsAsync<SnapshotNotFoundException>(() => Cuts.LoadAsync(Store, 1));
        await Store.DeleteAsync(Cuts.Model, 1, default);
        await Store.DeleteOrphansAsync(Cuts.Model, null, default);
        await Store.RetainAsync(Cuts.Model, 1, default);
        Assert.Empty(_directory.Files());
    }

    [Fact]
    public async Task Models_do_not_see_each_other()
    {
        await Cuts.WriteAsync(Store, 1);
        Assert.Empty(await Store.ListAsync("other", default));
        File.Copy(_directory.Manifest(1), _directory.Manifest(3));
        Directory.CreateDirectory(Path.Combine(_directory.Path, "other"));
        File.Copy(_directory.Manifest(1), Path.Combine(_directory.Path, "other", "manifest-1.json"));
        var e = await Assert.ThrowsAsync<SnapshotCorruptException>(() => Store.ReadManifestAsync("other", 1, default).AsTask());
        Assert.Contains("manifest of cut 1 of model 'm'", e.Problem, StringComparison.Ordinal);
        await Assert.ThrowsAsync<SnapshotCorruptException>(() => Cuts.LoadAsync(Store, 3));
    }

    [Theory]
    [InlineData("")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("a/b")]
    [InlineData("a\\b")]
    [InlineData("ä")]
    public async Task A_name_that_could_leave_the_directory_is_refused(string name)
    {
        await Assert.ThrowsAsync<ArgumentException>(async () => await Store.WriteChunkAsync(name, "g0-c1-b0-e0", new byte[1], default));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Store.WriteChunkAsync("m", name, new byte[1], default));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Store.ReadChunkAsync("m", new(0, name, 1, ""), default));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Store.ReadPointerAsync(name, default));
        Assert.Empty(_directory.Files());
    }

    [Fact]
    public async Task An_image_of_another_block_is_refused() =>
        await Assert.ThrowsAsync<ArgumentException>(
            async () => await Store.WriteBlockAsync(Cuts.Identity(1, 0), Cuts.Image(1, 1), default));

    [Fact]
    public async Task Files_of_others_are_left_alone()
    {
        await Cuts.WriteAsync(Store, 1);
        string[] names =
        [
            "manifest-01.json", "manifest-.json", "manifest--1.json", "manifest-1.json.bak", "notes.txt", "notes.txt.tmp",
            "chunks/readme", "chunks/g0-c1-b0", "chunks/g0-c01-b0-e0", "chunks/readme.0123456789abcdef0123456789abcdef.tmp",
        ];
        foreach (var name in names) await File.WriteAllTextAsync(Path.Combine(_directory.Model, name), "mine");
        await Cuts.AssertWholeAsync(Store, 1);
        await Store.DeleteOrphansAsync(Cuts.Model, null, default);
        await Store.DeleteAsync(Cuts.Model, 1, default);
        Assert.Equal(names.Select(n => $"m/{n}").Order(StringComparer.Ordinal), _directory.Files());
    }

    [Fact]
    public async Task Chunks_may_be_written_at_once_and_in_any_order()
    {
        var cuts = Enumerable.Range(1, 8).Select(cut => (long)cut).ToArray();
        await Task.WhenAll(cuts.Select(cut => Task.Run(async () =>
        {
            var chunks = await Task.WhenAll(Enumerable.Range(0, Cuts.Blocks).Reverse().Select(
                b => Store.WriteBlockAsync(Cuts.Identity(cut, b), Cuts.Image(cut, b), default).AsTask()));
            await Store.WriteManifestAsync(Cuts.Manifest(cut, [.. chunks.OrderBy(c => c.Block)]), default);
        })));
        foreach (var cut in cuts) Cuts.AssertIs(cut, await Cuts.LoadAsync(Store, cut));
    }

    [Fact]
    public async Task A_cancelled_call_does_nothing()
    {
        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await Store.WriteChunkAsync("m", "g0-c1-b0-e0", new byte[1], gone.Token));
        Assert.Empty(_directory.Files());
    }

    [Fact]
    public async Task A_probe_creates_the_directory_and_leaves_nothing()
    {
        var store = new DirectorySnapshotStore(Path.Combine(_directory.Path, "a", "b", "c"));
        await store.ProbeAsync(default);
        Assert.True(Directory.Exists(store.DirectoryPath));
        Assert.Empty(_directory.Files());
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData(null)]
    public void A_directory_needs_a_name(string? directory)
    {
        Assert.ThrowsAny<ArgumentException>(() => new DirectorySnapshotStore(directory!));
        Assert.ThrowsAny<ArgumentException>(() => SnapshotDirectoryLock.Acquire(directory!));
    }

    private async Task<SnapshotCorruptException> RefusedAsync(long cut, IReadOnlyList<ChunkRecord> chunks) =>
        await Assert.ThrowsAsync<SnapshotCorruptException>(() => Store.WriteManifestAsync(Cuts.Manifest(cut, chunks), default).AsTask());
}
