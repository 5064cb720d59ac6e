using OrleansPs.Hosting;

namespace OrleansPs.Grains.Tests;

/// <summary>A grain storage can't list, and all the same nothing stays in it that nobody needs.</summary>
public sealed class SnapshotDeletionTests
{
    private const int PartsOfACut = StoreRig.Blocks + 1;
    private readonly StoreRig _rig = new();
    private readonly GrainStorageSnapshotStore _store;

    public SnapshotDeletionTests() => _store = _rig.Open();

    [Fact]
    public async Task A_deleted_snapshot_leaves_nothing_and_the_others_stay()
    {
        await StoreRig.TakeAsync(_store, 2);

        for (var i = 0; i < 2; i++) await DeleteAsync(1);

        Assert.Equal(PartsOfACut, _rig.Parts);
        await StoreRig.AssertWholeAsync(_store, 2);
        await StoreRig.AssertIsAsync(_store, 2);
        await Assert.ThrowsAsync<SnapshotNotFoundException>(() => StoreRig.AssertIsAsync(_store, 1, asked: 1));
    }

    [Fact]
    public async Task A_snapshot_is_gone_before_its_chunks_are_and_any_silo_finishes_the_work()
    {
        await StoreRig.TakeAsync(_store);

        await _store.DeleteAsync(StoreRig.Model, 1, default);

        Assert.Empty(await StoreRig.ListAsync(_store));
        Assert.Equal(PartsOfACut, _rig.Parts);
        await _rig.Open().DeleteOrphansAsync(StoreRig.Model, null, default);
        Assert.Equal(0, _rig.Parts);
    }

    [Fact]
    public async Task A_reserved_number_comes_once_and_what_is_imported_under_it_is_no_orphan()
    {
        await StoreRig.TakeAsync(_store, 2);
        Assert.Equal(3, await _store.ReserveCutAsync(StoreRig.Model, 1, default));
        Assert.Equal(9, await _rig.Open().ReserveCutAsync(StoreRig.Model, 9, default));
        Assert.Equal(10, await StoreRig.TakeNumberAsync(_store));
        var chunks = await StoreRig.WriteChunksAsync(_store, 9);

        await _rig.Open().DeleteOrphansAsync(StoreRig.Model, null, default);
        await _store.ImportManifestAsync(StoreRig.Manifest(9, chunks), default);

        await StoreRig.AssertWholeAsync(_store, 1, 2, 9);
        await StoreRig.AssertIsAsync(_store, 9);
        await DeleteAsync(9);
        Assert.Equal(2 * PartsOfACut, _rig.Parts);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(9)]
    public async Task The_newest_so_many_are_kept(int keep)
    {
        for (var cut = 1; cut <= 5; cut++)
        {
            await StoreRig.TakeAsync(_store);
            await _store.RetainAsync(StoreRig.Model, keep, default);
            await _store.DeleteOrphansAsync(StoreRig.Model, null, default);
        }

        Assert.Equal(Math.Min(keep, 5) * PartsOfACut, _rig.Parts);
        await StoreRig.AssertIsAsync(_store, 5);
    }

    [Fact]
    public async Task What_an_aborted_cut_left_is_deleted_but_not_the_open_one()
    {
        await StoreRig.TakeAsync(_store);
        for (var i = 0; i < 2; i++) await StoreRig.WriteChunksAsync(_store, await StoreRig.TakeNumberAsync(_store));

        await _rig.Open().DeleteOrphansAsync(StoreRig.Model, openCut: 3, default);

        Assert.Equal((0, StoreRig.Blocks), (_rig.Shared.CountOf("-c2-"), _rig.Shared.CountOf("-c3-")));
        await _rig.Open().DeleteOrphansAsync(StoreRig.Model, openCut: null, default);
        Assert.Equal(PartsOfACut, _rig.Parts);
        await StoreRig.AssertIsAsync(_store, 1);
    }

    [Fact]
    public async Task The_open_cut_becomes_a_snapshot_after_a_clean_up_and_leaves_nothing_in_the_end()
    {
        var cut = await StoreRig.TakeNumberAsync(_store);
        var chunks = await StoreRig.WriteChunksAsync(_store, cut);
        await _store.DeleteOrphansAsync(StoreRig.Model, openCut: cut, default);
        await _store.WriteManifestAsync(StoreRig.Manifest(cut, chunks), default);
        await _store.DeleteOrphansAsync(StoreRig.Model, null, default);
        await StoreRig.AssertIsAsync(_store, 1);

        await DeleteAsync(cut);

        Assert.Equal(0, _rig.Parts);
    }

    [Fact]
    public async Task A_snapshot_whose_manifest_is_damaged_leaves_nothing_either()
    {
        await StoreRig.TakeAsync(_store);
        await _store.DeleteOrphansAsync(StoreRig.Model, null, default);
        Assert.Equal(1, _rig.Shared.Damage("manifest:"));

        await DeleteAsync(1);

        Assert.Empty(await _store.ListAsync(StoreRig.Model, default));
        Assert.Equal(0, _rig.Parts);
    }

    [Fact]
    public async Task A_snapshot_whose_blocks_moved_before_it_was_written_leaves_nothing_either()
    {
        var cut = await StoreRig.TakeNumberAsync(_store);
        await _store.WriteManifestAsync(StoreRig.Manifest(cut, await StoreRig.WriteChunksAsync(_store, cut, epoch: 7)), default);
        await _store.DeleteOrphansAsync(StoreRig.Model, null, default);
        Assert.Equal(1, _rig.Shared.Damage("manifest:"));

        await DeleteAsync(cut);

        Assert.Equal(0, _rig.Parts);
    }

    [Fact]
    public async Task An_imported_snapshot_leaves_nothing_either()
    {
        await _store.ImportManifestAsync(StoreRig.Manifest(9, await StoreRig.WriteChunksAsync(_store, 9, 4, 5), 4), default);

        await DeleteAsync(9);

        Assert.Equal(0, _rig.Parts);
    }

    [Fact]
    public async Task A_snapshot_that_is_deleted_during_a_clean_up_is_found_by_the_next()
    {
        await StoreRig.TakeAsync(_store);
        await StoreRig.WriteChunksAsync(_store, await StoreRig.TakeNumberAsync(_store));
        _rig.Shared.OnWrite = state =>
        {
            if (state != "chunk") return;
            _rig.Shared.OnWrite = null;
            _store.DeleteAsync(StoreRig.Model, 1, default).AsTask().GetAwaiter().GetResult();
        };

        await _rig.Open().DeleteOrphansAsync(StoreRig.Model, null, default);
        await _rig.Open().DeleteOrphansAsync(StoreRig.Model, null, default);

        Assert.Equal(0, _rig.Parts);
    }

    [Fact]
    public async Task A_clean_up_with_nothing_to_do_writes_nothing()
    {
        await StoreRig.TakeAsync(_store);
        await _store.DeleteOrphansAsync(StoreRig.Model, null, default);
        var writes = 0;
        _rig.Shared.OnWrite = _ => writes++;

        await _store.RetainAsync(StoreRig.Model, 1, default);
        await _store.DeleteOrphansAsync(StoreRig.Model, null, default);

        Assert.Equal(0, writes);
    }

    private async Task DeleteAsync(long cut)
    {
        await _store.DeleteAsync(StoreRig.Model, cut, default);
        await _store.DeleteOrphansAsync(StoreRig.Model, null, default);
    }
}
