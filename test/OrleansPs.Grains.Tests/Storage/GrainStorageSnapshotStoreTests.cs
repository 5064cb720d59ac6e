using OrleansPs.Core.Snapshots;
using OrleansPs.Hosting;

namespace OrleansPs.Grains.Tests;

/// <summary>What is written to a grain storage, read from it, and refused.</summary>
public sealed class GrainStorageSnapshotStoreTests
{
    private readonly StoreRig _rig = new();

    [Fact]
    public async Task A_snapshot_comes_back_as_it_was_from_any_silo()
    {
        await StoreRig.TakeAsync(_rig.Open(), 2);

        await StoreRig.AssertIsAsync(_rig.Open(), 2);
        await StoreRig.AssertIsAsync(_rig.Open(), 1, asked: 1);
        await StoreRig.AssertWholeAsync(_rig.Open(), 1, 2);
    }

    [Fact]
    public async Task A_cut_without_a_manifest_is_invisible()
    {
        var store = _rig.Open();
        await StoreRig.TakeAsync(store);
        await StoreRig.WriteChunksAsync(store, 2);

        await StoreRig.AssertWholeAsync(store, 1);
        Assert.Empty(await StoreRig.ListAsync(store, whole: false));
        await StoreRig.AssertIsAsync(store, 1);
        var e = await Assert.ThrowsAsync<SnapshotNotFoundException>(() => StoreRig.AssertIsAsync(store, 2, asked: 2));
        Assert.Equal((StoreRig.Model, 2L), (e.Model, e.Cut));
    }

    [Fact]
    public async Task A_manifest_that_is_not_in_the_index_is_no_snapshot_until_it_is_written_again()
    {
        var store = _rig.Open();
        var manifest = StoreRig.Manifest(1, await StoreRig.WriteChunksAsync(store, 1));
        _rig.Shared.OnWrite = state =>
        {
            if (state == "index") throw new InvalidOperationException("busy");
        };
        await Assert.ThrowsAsync<SnapshotStorageException>(async () => await store.WriteManifestAsync(manifest, default));
        _rig.Shared.OnWrite = null;
        Assert.Equal(1, _rig.Shared.CountOf("manifest:"));
        Assert.Empty(await StoreRig.ListAsync(store));
        await Assert.ThrowsAsync<SnapshotNotFoundException>(async () => await store.ReadManifestAsync(StoreRig.Model, 1, default));

        await store.WriteManifestAsync(manifest, default);

        await StoreRig.AssertIsAsync(_rig.Open(), 1);
    }

    [Fact]
    public async Task Writing_the_same_again_is_harmless()
    {
        var store = _rig.Open();
        for (var i = 0; i < 2; i++) await store.WriteManifestAsync(StoreRig.Manifest(1, await StoreRig.WriteChunksAsync(store, 1)), default);

        await StoreRig.AssertIsAsync(store, 1);
        await StoreRig.AssertWholeAsync(store, 1);
        Assert.Equal(StoreRig.Blocks + 1, _rig.Parts);
    }

    [Fact]
    public async Task A_manifest_is_never_overwritten_by_another()
    {
        var store = _rig.Open();
        await StoreRig.TakeAsync(store);
        var other = StoreRig.Manifest(1, await StoreRig.WriteChunksAsync(store, 1)) with { Round = 99 };

        var e = await Assert.ThrowsAsync<SnapshotStorageException>(async () => await store.WriteManifestAsync(other, default));
        await Assert.ThrowsAsync<SnapshotStorageException>(async () => await store.ImportManifestAsync(other, default));

        Assert.Equal(("m/manifest-1", false), (e.Location, e.IsTransient));
        Assert.Equal(1, (await store.ReadManifestAsync(StoreRig.Model, 1, default)).Round);
    }

    [Fact]
    public async Task A_model_without_snapshots_has_none_and_is_given_nothing()
    {
        var store = _rig.Open();

        Assert.Empty(await store.ListAsync(StoreRig.Model, default));
        Assert.Null((await Assert.ThrowsAsync<SnapshotNotFoundException>(() => StoreRig.AssertIsAsync(store, 0))).Cut);
        await store.DeleteAsync(StoreRig.Model, 1, default);
        await store.DeleteOrphansAsync(StoreRig.Model, null, default);
        await store.RetainAsync(StoreRig.Model, 1, default);

        Assert.Equal(0, _rig.Shared.CountOf(""));
    }

    [Fact]
    public async Task Models_and_services_do_not_see_each_other()
    {
        await StoreRig.TakeAsync(_rig.Open());
        var other = _rig.Open(serviceId: "s2");

        Assert.Empty(await StoreRig.ListAsync(_rig.Open(), model: "other"));
        Assert.Empty(await StoreRig.ListAsync(other));
        Assert.Equal(ModelPointer.First, await other.ReadPointerAsync(StoreRig.Model, default));
    }

    [Fact]
    public async Task The_manifest_of_another_cut_is_listed_as_damaged()
    {
        var store = _rig.Open();
        await StoreRig.TakeAsync(store, 2);
        var (first, _) = await _rig.Bytes().ReadAsync("manifest", "m/manifest-1");
        await _rig.Bytes().WriteAsync("manifest", "m/manifest-2", first!);

        await StoreRig.AssertWholeAsync(store, 1);
        Assert.Contains("it is the manifest of cut 1 of model 'm'.", (await store.ListAsync(StoreRig.Model, default))[1].Problem, StringComparison.Ordinal);
        await StoreRig.AssertIsAsync(store, 1);
        await Assert.ThrowsAsync<SnapshotCorruptException>(() => StoreRig.AssertIsAsync(store, 2, asked: 2));
    }

    [Theory]
    [InlineData("manifest:")]
    [InlineData("c2-b1")]
    public async Task A_damaged_newest_cut_is_skipped_but_not_when_it_is_named(string part)
    {
        var store = _rig.Open();
        await StoreRig.TakeAsync(store);
        await store.WriteManifestAsync(StoreRig.Manifest(2, await StoreRig.WriteChunksAsync(store, 2)), default);
        Assert.True(_rig.Shared.Damage(part == "manifest:" ? "manifest-2" : part) == 1);

        await StoreRig.AssertIsAsync(store, 1);
        await Assert.ThrowsAsync<SnapshotCorruptException>(() => StoreRig.AssertIsAsync(store, 2, asked: 2));
    }

    [Fact]
    public async Task Chunks_and_manifests_may_be_written_by_many_silos_at_once()
    {
        long[] cuts = [.. Enumerable.Range(1, 8)];

        await Task.WhenAll(cuts.Select(cut => Task.Run(async () =>
        {
            var store = _rig.Open();
            await store.WriteManifestAsync(StoreRig.Manifest(cut, await StoreRig.WriteChunksAsync(store, cut)), default);
        })));

        await StoreRig.AssertWholeAsync(_rig.Open(), cuts);
        foreach (var cut in cuts) await StoreRig.AssertIsAsync(_rig.Open(), cut, asked: cut);
        Assert.Equal(9, (await _rig.Open().ReadPointerAsync(StoreRig.Model, default)).NextCut);
    }

    [Fact]
    public async Task A_cancelled_chunk_is_not_begun()
    {
        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await _rig.Open().WriteChunkAsync(StoreRig.Model, "g0-c1-b0-e0", new byte[1], gone.Token));

        Assert.Equal(0, _rig.Shared.CountOf(""));
    }

    [Fact]
    public async Task A_probe_leaves_nothing()
    {
        await _rig.Open().ProbeAsync(default);

        Assert.Equal(0, _rig.Shared.CountOf(""));
    }

    [Fact]
    public async Task A_storage_that_gives_back_other_bytes_fails_the_probe_for_good()
    {
        var storage = new MeddledStorage(_rig.Shared) { AfterRead = bytes => bytes.Content = [.. bytes.Content.Select(b => (byte)(b ^ 1))] };

        var e = await Assert.ThrowsAsync<SnapshotStorageException>(async () => await _rig.Open(storage).ProbeAsync(default));

        Assert.Equal(("Grain storage 'snapshots'", false), (e.Location, e.IsTransient));
    }
}
