using OrleansPs.Hosting;

namespace OrleansPs.Hosting.Tests;

/// <summary>One process serves a directory; the lock ends with the process, however that ends.</summary>
public sealed class SnapshotDirectoryLockTests : IDisposable
{
    private readonly SnapshotDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_second_holder_is_refused_until_the_first_lets_go()
    {
        using (SnapshotDirectoryLock.Acquire(_directory.Path)) Refused(Environment.ProcessId);
        SnapshotDirectoryLock.Acquire(_directory.Path).Dispose();
    }

    [Fact]
    public void Another_process_is_named_and_its_end_frees_the_lock()
    {
        using var child = Child.Start("hold-lock", _directory.Path);
        Assert.Equal("held", child.ReadLine());
        Refused(child.Id);
        child.End();
        SnapshotDirectoryLock.Acquire(_directory.Path).Dispose();
    }

    [Fact]
    public void A_killed_process_frees_the_lock()
    {
        using var child = Child.Start("hold-lock", _directory.Path);
        Assert.Equal("held", child.ReadLine());
        Refused(child.Id);
        child.Kill();
        SnapshotDirectoryLock.Acquire(_directory.Path).Dispose();
    }

    [Fact]
    public async Task A_lock_held_here_refuses_another_process()
    {
        using (SnapshotDirectoryLock.Acquire(_directory.Path))
        {
            using var child = Child.Start("try", "lock", _directory.Path);
            var line = Assert.Single(await child.ReadAllAsync());
            Assert.StartsWith($"SnapshotStorageException|True|{_directory.Path}: Process {Environment.ProcessId} on ", line, StringComparison.Ordinal);
        }
        using var second = Child.Start("try", "lock", _directory.Path);
        Assert.Equal(["done"], await second.ReadAllAsync());
    }

    [Fact]
    public void The_directory_is_created()
    {
        var path = Path.Combine(_directory.Path, "a", "b");
        using var held = SnapshotDirectoryLock.Acquire(path);
        Assert.True(Directory.Exists(path));
    }

    [Fact]
    public void A_file_in_place_of_the_directory_is_named()
    {
        var file = Path.Combine(_directory.Path, "file");
        File.WriteAllText(file, "");
        var e = Assert.Throws<SnapshotStorageException>(() => SnapshotDirectoryLock.Acquire(Path.Combine(file, "snapshots")));
        Assert.Contains($"'{file}' is a file", e.Message, StringComparison.Ordinal);
        Assert.False(e.IsTransient);
    }

    [Fact]
    public void An_attempt_that_fails_half_way_leaves_no_lock()
    {
        var owner = Directory.CreateDirectory(Path.Combine(_directory.Path, ".owner"));
        var e = Assert.Throws<SnapshotStorageException>(() => SnapshotDirectoryLock.Acquire(_directory.Path));
        Assert.DoesNotContain("serves this directory already", e.Message, StringComparison.Ordinal);
        owner.Delete();
        SnapshotDirectoryLock.Acquire(_directory.Path).Dispose();
    }

    private void Refused(int process)
    {
        var e = Assert.Throws<SnapshotStorageException>(() => SnapshotDirectoryLock.Acquire(_directory.Path));
        Assert.Equal(_directory.Path, e.Location);
        Assert.Contains($"Process {process} on {Environment.MachineName} serves this directory already", e.Message, StringComparison.Ordinal);
        Assert.True(e.IsTransient);
    }
}
