using OrleansPs.Hosting;

namespace OrleansPs.Hosting.Tests;

/// <summary>A storage that refuses says which directory, why, and whether trying again may help; what was there stays.</summary>
public sealed class StorageRefusalTests : IDisposable
{
    private readonly SnapshotDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_file_in_place_of_the_directory_is_named()
    {
        var file = Path.Combine(_directory.Path, "file");
        await File.WriteAllTextAsync(file, "");
        await RefusedAsync(file, $"'{file}' is a file", isTransient: false);
        await RefusedAsync(Path.Combine(file, "below"), $"'{file}' is a file", isTransient: false);
    }

    [LinuxFact]
    public async Task A_directory_that_can_not_be_created_is_named() =>
        await RefusedAsync("/proc/orleansps", "does not exist and can't be created there", isTransient: false);

    [LinuxFact]
    public async Task A_file_system_without_a_right_to_write_is_named()
    {
        var e = await Assert.ThrowsAsync<SnapshotStorageException>(async () => await new DirectorySnapshotStore("/sys/orleansps").ProbeAsync(default));
        Assert.Equal("/sys/orleansps", e.Location);
        Assert.Matches("No permission|read-only", e.Message);
        Assert.False(e.IsTransient);
    }

    [Fact]
    public async Task A_path_that_is_too_long_is_named() =>
        await RefusedAsync(Path.Combine(_directory.Path, new string('x', 300)), "too long", isTransient: false);

    [Fact]
    public async Task A_directory_in_place_of_the_pointer_is_refused()
    {
        Directory.CreateDirectory(_directory.Pointer);
        var e = await Assert.ThrowsAsync<SnapshotStorageException>(() => Cuts.TakeNumberAsync(_directory.Store));
        Assert.Equal(_directory.Path, e.Location);
    }

    [MountFact]
    public async Task A_full_disk_keeps_the_snapshot_before_and_goes_on_when_there_is_space()
    {
        using var disk = Mount.Tiny(_directory.Path);
        await Cuts.WriteAsync(_directory.Store, 1);
        var filler = Path.Combine(_directory.Path, "filler");
        Fill(filler);
        var before = _directory.Files();

        var e = await Assert.ThrowsAsync<SnapshotStorageException>(() => Cuts.WriteAsync(_directory.Store, 2));
        Assert.Equal($"{_directory.Path}: No space is left. Free some, or keep fewer snapshots.", e.Message);
        Assert.True(e.IsTransient);
        Assert.Equal(_directory.Path, e.Location);
        Assert.NotNull(e.InnerException);
        Assert.Equal(before, _directory.Files());
        Cuts.AssertIs(1, await Cuts.LoadAsync(_directory.Store));
        await RefusedAsync(_directory.Path, "No space is left", isTransient: true);

        File.Delete(filler);
        await Cuts.WriteAsync(_directory.Store, 2);
        Cuts.AssertIs(2, await Cuts.LoadAsync(_directory.Store));
    }

    [MountFact]
    public async Task A_disk_without_space_for_the_pointer_keeps_the_number()
    {
        using var disk = Mount.Tiny(_directory.Path);
        Assert.Equal(1, await Cuts.TakeNumberAsync(_directory.Store));
        var filler = Path.Combine(_directory.Path, "filler");
        Fill(filler);
        var e = await Assert.ThrowsAsync<SnapshotStorageException>(() => Cuts.TakeNumberAsync(_directory.Store));
        Assert.True(e.IsTransient);
        Assert.Equal(2, (await _directory.Store.ReadPointerAsync(Cuts.Model, default)).NextCut);
        File.Delete(filler);
        Assert.Equal(2, await Cuts.TakeNumberAsync(_directory.Store));
    }

    [MountFact]
    public async Task A_read_only_file_system_can_be_read_but_not_written()
    {
        using var disk = Mount.Tiny(_directory.Path);
        await Cuts.WriteAsync(_directory.Store, 1);
        disk.MakeReadOnly();
        await RefusedAsync(_directory.Path, "The file system is read-only. Name another directory.", isTransient: false);
        var e = await Assert.ThrowsAsync<SnapshotStorageException>(() => Cuts.WriteAsync(_directory.Store, 2));
        Assert.False(e.IsTransient);
        Assert.Throws<SnapshotStorageException>(() => SnapshotDirectoryLock.Acquire(_directory.Path));
        Cuts.AssertIs(1, await Cuts.LoadAsync(_directory.Store));
    }

    private static void Fill(string path)
    {
        using var file = File.Create(path, bufferSize: 0);
        foreach (var size in (int[])[65536, 4096, 1])
        {
            try
            {
                while (true) file.Write(new byte[size]);
            }
            catch (IOException)
            {
                // Full for writes of this size.
            }
        }
    }

    private static async Task RefusedAsync(string directory, string problem, bool isTransient)
    {
        var e = await Assert.ThrowsAsync<SnapshotStorageException>(async () => await new DirectorySnapshotStore(directory).ProbeAsync(default));
        Assert.Equal((directory, isTransient), (e.Location, e.IsTransient));
        Assert.Contains(directory, e.Message, StringComparison.Ordinal);
        Assert.Contains(problem, e.Message, StringComparison.Ordinal);
        Assert.NotNull(e.InnerException);
    }
}
