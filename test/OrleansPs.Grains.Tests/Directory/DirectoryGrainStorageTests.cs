using Orleans.Runtime;
using Orleans.Storage;

namespace OrleansPs.Grains.Tests;

/// <summary>What Orleans asks of every grain storage.</summary>
public sealed class DirectoryGrainStorageTests : IDisposable
{
    private static readonly GrainId s_id = GrainId.Create("thing", "one");
    private readonly StorageRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task A_state_that_was_never_written_is_new()
    {
        var state = new GrainState<Thing>(new Thing { Name = "stale" }, "5") { RecordExists = true };

        await _rig.Open().ReadStateAsync("state", s_id, state);

        Assert.False(state.RecordExists);
        Assert.Null(state.ETag);
        Assert.Equal(new Thing(), state.State);
    }

    [Fact]
    public async Task What_is_written_is_read_by_every_silo()
    {
        var written = await StorageRig.WriteAsync(_rig.Open(), s_id, new Thing { Name = "äöü", Number = 7 });

        var read = await StorageRig.ReadAsync<Thing>(_rig.Open(), s_id);

        Assert.True(written.RecordExists);
        Assert.True(read.RecordExists);
        Assert.Equal(written.ETag, read.ETag);
        Assert.Equal(new Thing { Name = "äöü", Number = 7 }, read.State);
    }

    [Fact]
    public async Task Every_write_changes_the_tag()
    {
        var storage = _rig.Open();
        var state = await StorageRig.WriteAsync(storage, s_id, new Thing());
        var first = state.ETag;

        await storage.WriteStateAsync("state", s_id, state);

        Assert.NotEqual(first, state.ETag);
        Assert.Equal(state.ETag, (await StorageRig.ReadAsync<Thing>(_rig.Open(), s_id)).ETag);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("old")]
    public async Task A_write_with_another_tag_is_refused_and_changes_nothing(string? kind)
    {
        var storage = _rig.Open();
        var old = await StorageRig.WriteAsync(storage, s_id, new Thing { Name = "old" });
        var latest = await StorageRig.WriteAsync(_rig.Open(), s_id, new Thing { Name = "latest" }, old.ETag);
        var tag = kind == "old" ? old.ETag : kind;

        var error = await Assert.ThrowsAsync<InconsistentStateException>(
            () => StorageRig.WriteAsync(storage, s_id, new Thing { Name = "mine" }, tag));

        Assert.Equal((latest.ETag, tag ?? ""), (error.StoredEtag, error.CurrentEtag));
        var read = await StorageRig.ReadAsync<Thing>(storage, s_id);
        Assert.Equal((latest.ETag, "latest"), (read.ETag, read.State!.Name));
    }

    [Fact]
    public async Task A_write_over_what_is_not_there_is_refused()
    {
        await Assert.ThrowsAsync<InconsistentStateException>(() => StorageRig.WriteAsync(_rig.Open(), s_id, new Thing(), "5"));

        Assert.Empty(_rig.Files());
    }

    [Fact]
    public async Task A_cleared_state_is_gone()
    {
        var storage = _rig.Open();
        var state = await StorageRig.WriteAsync(storage, s_id, new Thing { Name = "a" });

        await storage.ClearStateAsync("state", s_id, state);

        Assert.Equal((false, null, new Thing()), (state.RecordExists, state.ETag, state.State));
        Assert.False((await StorageRig.ReadAsync<Thing>(storage, s_id)).RecordExists);
        Assert.Empty(_rig.Files());
        await storage.ClearStateAsync("state", s_id, state);
        await storage.WriteStateAsync("state", s_id, state);
        Assert.True((await StorageRig.ReadAsync<Thing>(storage, s_id)).RecordExists);
    }

    [Fact]
    public async Task A_clear_with_another_tag_is_refused_and_changes_nothing()
    {
        var storage = _rig.Open();
        var old = await StorageRig.WriteAsync(storage, s_id, new Thing { Name = "old" });
        var stale = new GrainState<Thing>(new(), old.ETag);
        await storage.WriteStateAsync("state", s_id, old);

        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.ClearStateAsync("state", s_id, stale));

        var read = await StorageRig.ReadAsync<Thing>(storage, s_id);
        Assert.Equal((old.ETag, "old"), (read.ETag, read.State!.Name));
    }

    [Fact]
    public async Task A_tag_from_before_a_clear_fits_nothing_that_came_after_it()
    {
        var (storage, other) = (_rig.Open(), _rig.Open());
        var stale = await StorageRig.WriteAsync(storage, s_id, new Thing { Name = "first" });
        await other.ClearStateAsync("state", s_id, await StorageRig.ReadAsync<Thing>(other, s_id));
        await StorageRig.WriteAsync(other, s_id, new Thing { Name = "second" });

        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteStateAsync("state", s_id, stale));
    }

    [Fact]
    public async Task Names_types_keys_and_services_are_kept_apart()
    {
        var storage = _rig.Open();
        var ids = new[] { GrainId.Create("t", "a"), GrainId.Create("t", "A"), GrainId.Create("T", "a"), GrainId.Create("t", "a.b"), GrainId.Create("t", "a/b") };
        string[] names = ["s", "S", "b.s", "b/s", "b"];
        foreach (var id in ids)
        foreach (var name in names)
        {
            await StorageRig.WriteAsync(storage, id, new Thing { Name = $"{id} {name}" }, name: name);
            await StorageRig.WriteAsync(_rig.Open("other"), id, new Thing { Name = "other" }, name: name);
        }

        foreach (var id in ids)
        foreach (var name in names)
            Assert.Equal($"{id} {name}", (await StorageRig.ReadAsync<Thing>(storage, id, name)).State!.Name);
        Assert.Equal(2 * ids.Length * names.Length, _rig.Files().Distinct(StringComparer.OrdinalIgnoreCase).Count());
    }

    [Fact]
    public async Task A_state_of_4_MiB_comes_back_byte_for_byte()
    {
        var content = new byte[4 << 20];
        new Random(1).NextBytes(content);
        var storage = _rig.Open();

        var bytes = await StorageRig.WriteAsync(storage, s_id, new StoredBytes { Content = content });
        await StorageRig.WriteAsync(storage, s_id, new Thing { Name = new('x', 4 << 20) }, name: "thing");

        Assert.Equal(content, (await StorageRig.ReadAsync<StoredBytes>(_rig.Open(), s_id)).State!.Content);
        Assert.Equal(4 << 20, (await StorageRig.ReadAsync<Thing>(_rig.Open(), s_id, "thing")).State!.Name.Length);
        Assert.Equal(content, bytes.State!.Content);
    }

    [Fact]
    public async Task Bytes_are_kept_as_they_are()
    {
        await StorageRig.WriteAsync(_rig.Open(), s_id, new StoredBytes { Content = [7, 8, 9] });

        Assert.Equal([7, 8, 9], (await File.ReadAllBytesAsync(Assert.Single(_rig.Files())))[16..]);
    }

    [Fact]
    public void A_write_borrows_its_buffer_and_a_read_makes_one_array()
    {
        var content = new byte[4 << 20];
        var path = Path.Combine(Directory.CreateDirectory(_rig.Root).FullName, "x");
        StateFile.Write(path, 1, content);

        var start = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 4; i++) StateFile.Write(path, i, content);
        var written = GC.GetAllocatedBytesForCurrentThread() - start;
        for (var i = 0; i < 4; i++) StateFile.Read(path);
        var read = GC.GetAllocatedBytesForCurrentThread() - start - written;

        // The pool may lose its buffer to a collection once, but not every time.
        Assert.InRange(written, 0, 3 * content.Length);
        Assert.InRange(read, 4 * content.Length, (4 * content.Length) + 10_000);
    }
}

/// <summary>A grain's state like any other.</summary>
[GenerateSerializer]
public sealed record Thing
{
    [Id(0)]
    public string Name { get; set; } = "";

    [Id(1)]
    public int Number { get; set; }
}
