using System.Text;
using Orleans.Runtime;

namespace OrleansPs.Grains.Tests;

/// <summary>Which files a directory's grain storage makes, and what it makes of those it finds.</summary>
public sealed class DirectoryGrainStorageFileTests : IDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);
    private static readonly GrainId s_id = GrainId.Create("thing", "one");
    private readonly StorageRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Theory]
    [InlineData("a/b@c:d")]
    [InlineData("../../escape")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("con")]
    [InlineData("a\\b*?\"<>|\0\n")]
    [InlineData("%2f")]
    [InlineData(" trailing. ")]
    [InlineData("雪 ∆ 🙂")]
    public async Task Every_key_and_name_has_a_file_below_the_root(string text)
    {
        var (storage, id) = (_rig.Open(text), GrainId.Create(text, text));

        await StorageRig.WriteAsync(storage, id, new Thing { Name = text }, name: text);

        Assert.Equal(text, (await StorageRig.ReadAsync<Thing>(storage, id, text)).State!.Name);
        var file = Path.GetRelativePath(_rig.Root, Assert.Single(_rig.Files()));
        Assert.Equal(Enumerable.Repeat(text, 4), file.Split(Path.DirectorySeparatorChar).Select(Uri.UnescapeDataString));
        Assert.Equal(["storage"], Directory.GetFileSystemEntries(Path.GetDirectoryName(_rig.Root)!).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Long_keys_that_differ_at_their_ends_have_files_of_their_own()
    {
        var storage = _rig.Open();
        var keys = Enumerable.Range(0, 3).Select(i => new string('k', 5000) + i).Append(new string('/', 190)).ToArray();

        foreach (var key in keys) await StorageRig.WriteAsync(storage, GrainId.Create("t", key), new Thing { Name = key });

        foreach (var key in keys)
            Assert.Equal(key, (await StorageRig.ReadAsync<Thing>(storage, GrainId.Create("t", key))).State!.Name);
        Assert.All(_rig.Files(), file => Assert.InRange(Path.GetFileName(file).Length, 1, 200));
    }

    [Fact]
    public async Task Locks_do_not_grow_with_states_and_states_leave_nothing()
    {
        var storage = _rig.Open();
        await Task.WhenAll(Enumerable.Range(0, 400).Select(async i =>
        {
            var id = GrainId.Create("t", $"{i}");
            await storage.ClearStateAsync("state", id, await StorageRig.WriteAsync(storage, id, new Thing()));
        }));

        Assert.Empty(_rig.Files());
        Assert.InRange(Directory.GetFiles(Path.Combine(_rig.Root, ".locks")).Length, 1, 256);
    }

    [Fact]
    public async Task What_a_killed_silo_left_half_written_is_deleted_by_the_next_one_that_writes()
    {
        var written = await StorageRig.WriteAsync(_rig.Open(), s_id, new Thing { Name = "whole" });
        var file = Assert.Single(_rig.Files());
        await File.WriteAllBytesAsync($"{file}.{Guid.NewGuid():N}.tmp", new byte[20]);
        var next = _rig.Open();

        Assert.Equal("whole", (await StorageRig.ReadAsync<Thing>(next, s_id)).State!.Name);
        await StorageRig.WriteAsync(next, s_id, new Thing { Name = "next" }, written.ETag);

        Assert.Equal([file], _rig.Files());
    }

    [Fact]
    public async Task What_another_silo_is_writing_is_left_alone()
    {
        await StorageRig.WriteAsync(_rig.Open(), s_id, new Thing());
        var file = Assert.Single(_rig.Files());
        using var held = await new StateDirectory(_rig.Root, "service").LockAsync(file);
        var temporary = $"{file}.{Guid.NewGuid():N}.tmp";
        await File.WriteAllBytesAsync(temporary, new byte[20]);

        await StorageRig.WriteAsync(_rig.Open(), GrainId.Create("thing", "two"), new Thing());

        Assert.True(File.Exists(temporary));
    }

    [Theory]
    [InlineData("")]
    [InlineData("OPSSTATE")]
    [InlineData("something else entirely")]
    public async Task A_file_that_is_no_state_is_refused_by_name(string content)
    {
        var written = await StorageRig.WriteAsync(_rig.Open(), s_id, new Thing());
        var file = Assert.Single(_rig.Files());
        await File.WriteAllTextAsync(file, content, Encoding.ASCII);

        var error = await Assert.ThrowsAsync<SnapshotCorruptException>(() => StorageRig.ReadAsync<Thing>(_rig.Open(), s_id));
        await Assert.ThrowsAsync<SnapshotCorruptException>(() => StorageRig.WriteAsync(_rig.Open(), s_id, new Thing(), written.ETag));

        Assert.Equal(file, error.Name);
        Assert.Equal(content, await File.ReadAllTextAsync(file));
    }

    [Fact]
    public async Task What_the_file_system_refuses_is_an_error_of_storage()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_rig.Root)!);
        await File.WriteAllTextAsync(_rig.Root, "");

        var error = await Assert.ThrowsAsync<SnapshotStorageException>(() => StorageRig.WriteAsync(_rig.Open(), s_id, new Thing()));

        Assert.Contains($"'{_rig.Root}' is a file", error.Message, StringComparison.Ordinal);
        Assert.False(error.IsTransient);
    }

    [Fact]
    public async Task Two_storages_lose_no_write_of_each_other()
    {
        const int writers = 6, each = 15;
        var storages = new[] { _rig.Open(), _rig.Open() };

        await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < each; i++) await StorageRig.AddAsync(storages[writer % 2], StorageRig.Counter);
        }))).WaitAsync(s_limit);

        Assert.Equal(writers * each, await StorageRig.NumberAsync(storages[0], StorageRig.Counter));
    }

    [Fact]
    public async Task Processes_lose_no_write_of_each_other_even_when_one_is_killed()
    {
        var storage = _rig.Open();
        using var killed = ChildProcess.Start("storage", _rig.Root);
        using var patient = ChildProcess.Start("storage", _rig.Root, "100");
        using var limit = new CancellationTokenSource(s_limit);
        while (await StorageRig.NumberAsync(storage, StorageRig.Counter) < 20) await Task.Delay(5, limit.Token);
        killed.Kill(entireProcessTree: true);
        await killed.WaitForExitAsync(limit.Token);

        for (var i = 0; i < 30; i++) await StorageRig.AddAsync(storage, StorageRig.Counter);
        await patient.WaitForExitAsync(limit.Token);

        Assert.Equal(0, patient.ExitCode);
        var before = await StorageRig.NumberAsync(storage, StorageRig.Counter);
        Assert.InRange(before, 130, int.MaxValue);
        await StorageRig.AddAsync(storage, StorageRig.Counter);
        Assert.Equal(before + 1, await StorageRig.NumberAsync(_rig.Open(), StorageRig.Counter));
    }
}
