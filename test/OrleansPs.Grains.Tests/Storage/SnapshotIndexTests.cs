using System.Collections.Concurrent;
using OrleansPs.Hosting;

namespace OrleansPs.Grains.Tests;

/// <summary>The numbers of a model rise by compare-and-swap, none is given twice, and who was deposed adds nothing.</summary>
public sealed class SnapshotIndexTests
{
    private readonly StoreRig _rig = new();
    private readonly GrainStorageSnapshotStore _store;

    public SnapshotIndexTests() => _store = _rig.Open();

    [Fact]
    public async Task A_new_model_begins_with_cut_one_and_nothing_is_kept_of_it()
    {
        Assert.Equal(ModelPointer.First, await _store.ReadPointerAsync(StoreRig.Model, default));
        Assert.Equal(0, _rig.Shared.CountOf(""));
    }

    [Fact]
    public async Task The_numbers_change_only_from_what_they_are()
    {
        var other = _rig.Open();
        Assert.True(await _store.TryWritePointerAsync(StoreRig.Model, ModelPointer.First, new(0, 1, 2), default));
        Assert.False(await other.TryWritePointerAsync(StoreRig.Model, ModelPointer.First, new(9, 9, 9), default));
        Assert.False(await other.TryWritePointerAsync(StoreRig.Model, new(0, 1, 1), new(9, 9, 9), default));
        Assert.Equal(new(0, 1, 2), await other.ReadPointerAsync(StoreRig.Model, default));
        Assert.True(await other.TryWritePointerAsync(StoreRig.Model, new(0, 1, 2), new(5, 6, 7), default));
        Assert.Equal(new(5, 6, 7), await _store.ReadPointerAsync(StoreRig.Model, default));
    }

    [Fact]
    public async Task A_swap_that_another_silo_overtakes_changes_nothing()
    {
        var storage = new MeddledStorage(_rig.Shared);
        storage.BeforeWrite = _ =>
        {
            storage.BeforeWrite = null;
            StoreRig.TakeNumberAsync(_store).GetAwaiter().GetResult();
        };

        Assert.False(await _rig.Open(storage).TryWritePointerAsync(StoreRig.Model, ModelPointer.First, new(5, 5, 1), default));

        Assert.Equal(new(0, 0, 2), await _store.ReadPointerAsync(StoreRig.Model, default));
    }

    [Theory]
    [InlineData(4, 5, 6)]
    [InlineData(5, 4, 6)]
    [InlineData(5, 5, 5)]
    public async Task No_number_falls(long generation, long term, long nextCut) => await Assert.ThrowsAsync<ArgumentException>(
        async () => await _store.TryWritePointerAsync(StoreRig.Model, new(5, 5, 6), new(generation, term, nextCut), default));

    [Fact]
    public async Task Many_threads_of_many_silos_are_given_each_number_once()
    {
        const int threads = 8, each = 20;
        var numbers = new ConcurrentBag<long>();

        await Task.WhenAll(Enumerable.Range(0, threads).Select(_ => Task.Run(async () =>
        {
            var store = _rig.Open();
            for (var i = 0; i < each; i++) numbers.Add(await StoreRig.TakeNumberAsync(store));
        })));

        Assert.Equal(Enumerable.Range(1, threads * each).Select(i => (long)i), numbers.Order());
    }

    [Fact]
    public async Task A_manifest_of_an_older_generation_is_refused_and_leaves_nothing()
    {
        var cut = await StoreRig.TakeNumberAsync(_store);
        var chunks = await StoreRig.WriteChunksAsync(_store, cut);
        var was = await _store.ReadPointerAsync(StoreRig.Model, default);
        Assert.True(await _rig.Open().TryWritePointerAsync(StoreRig.Model, was, was with { Generation = 1 }, default));
        await _rig.Open().DeleteOrphansAsync(StoreRig.Model, null, default);

        var e = await Assert.ThrowsAsync<SnapshotStorageException>(
            async () => await _store.WriteManifestAsync(StoreRig.Manifest(cut, chunks), default));

        Assert.Equal("Grain storage 'snapshots': Generation 0 of model 'm' is over; its cut 1 is no snapshot.", e.Message);
        Assert.False(e.IsTransient);
        Assert.Empty(await StoreRig.ListAsync(_store));
        Assert.Equal(0, _rig.Parts);
    }

    [Fact]
    public async Task A_generation_that_ends_while_its_manifest_is_written_gets_no_snapshot()
    {
        var cut = await StoreRig.TakeNumberAsync(_store);
        var chunks = await StoreRig.WriteChunksAsync(_store, cut);
        _rig.Shared.OnWrite = state =>
        {
            if (state != "manifest") return;
            _rig.Shared.OnWrite = null;
            Assert.True(_rig.Open().TryWritePointerAsync(StoreRig.Model, new(0, 0, 2), new(1, 1, 2), default).AsTask().GetAwaiter().GetResult());
        };

        await Assert.ThrowsAsync<SnapshotStorageException>(async () => await _store.WriteManifestAsync(StoreRig.Manifest(cut, chunks), default));

        Assert.Empty(await StoreRig.ListAsync(_store));
        await _rig.Open().DeleteOrphansAsync(StoreRig.Model, null, default);
        Assert.Equal(0, _rig.Parts);
    }

    [Theory]
    [InlineData(4, 9, 4, 10)]
    [InlineData(1, 9, 2, 10)]
    [InlineData(4, 3, 4, 6)]
    public async Task An_import_raises_the_numbers_and_lowers_none(long generation, long cut, long expectedGeneration, long expectedNextCut)
    {
        Assert.True(await _store.TryWritePointerAsync(StoreRig.Model, ModelPointer.First, new(2, 7, 6), default));

        await _store.ImportManifestAsync(
            StoreRig.Manifest(cut, await StoreRig.WriteChunksAsync(_store, cut, generation), generation), default);

        Assert.Equal(new(expectedGeneration, 7, expectedNextCut), await _store.ReadPointerAsync(StoreRig.Model, default));
        await StoreRig.AssertIsAsync(_rig.Open(), cut);
    }

    [Fact]
    public async Task An_index_that_others_change_all_the_time_is_an_error_that_passes()
    {
        var storage = new MeddledStorage(_rig.Shared);
        storage.BeforeWrite = state =>
        {
            if (state == "index") StoreRig.TakeNumberAsync(_store).GetAwaiter().GetResult();
        };
        var store = _rig.Open(storage);
        var manifest = StoreRig.Manifest(1, await StoreRig.WriteChunksAsync(store, 1));

        var e = await Assert.ThrowsAsync<SnapshotStorageException>(async () => await store.WriteManifestAsync(manifest, default));

        Assert.True(e.IsTransient);
        Assert.Contains("the index of model 'm' changed under 16 tries to write it.", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{ "cuts": null }""")]
    [InlineData("""{ "begun": null }""")]
    [InlineData("""{ "begun": [null] }""")]
    [InlineData("""{ "begun": [{ "cut": 1, "generation": 1 }] }""")]
    public async Task What_is_no_index_is_refused_by_name_and_not_overwritten(string text)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(text);
        await _rig.Bytes().WriteAsync("index", "m/index", bytes);

        var e = await Assert.ThrowsAsync<SnapshotCorruptException>(async () => await _store.ReadPointerAsync(StoreRig.Model, default));
        await Assert.ThrowsAsync<SnapshotCorruptException>(async () => await _store.ListAsync(StoreRig.Model, default));
        await Assert.ThrowsAsync<SnapshotCorruptException>(async () => await _store.DeleteOrphansAsync(StoreRig.Model, null, default));
        await Assert.ThrowsAsync<SnapshotCorruptException>(
            async () => await _store.TryWritePointerAsync(StoreRig.Model, ModelPointer.First, new(1, 1, 1), default));

        Assert.Equal("m/index", e.Name);
        Assert.Equal(bytes, (await _rig.Bytes().ReadAsync("index", "m/index")).Content);
    }
}
