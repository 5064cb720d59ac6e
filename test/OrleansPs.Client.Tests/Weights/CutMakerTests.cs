using OrleansPs.Core.Snapshots;

namespace OrleansPs.Client.Tests.Weights;

public sealed class CutMakerTests
{
    private readonly MemoryCuts _cuts = new();

    private static ModelSpec Spec { get; } = new("m")
    {
        Parameters = [new("a", [1500]), new("b", [700])], Optimizer = Optimizer.Adam(), BlockBytes = 4096,
    };

    private CutMaker Maker => new(_cuts, TimeProvider.System);

    [Fact]
    public async Task Chunks_come_first_and_the_manifest_last_under_a_number_that_is_held_until_then()
    {
        var report = await LoadAsync(1);
        Assert.Equal(["write g0-c1-b0-e0", "write g0-c1-b1-e0", "write g0-c1-b2-e0", "manifest 1"], _cuts.Story);
        Assert.Empty(_cuts.Reserved);
        Assert.Equal((1, 0, 0), (report.Snapshot!.Cut, report.Snapshot.Generation, report.Snapshot.Round));
        Assert.Equal([0, 0, 0], _cuts.Manifest(1).Ranks.Select(r => r.Step + r.Clock + r.Cursor + r.Rank).Append(0).Append(0));
    }

    [Fact]
    public async Task A_model_that_comes_to_the_same_number_keeps_it()
    {
        _cuts.OnManifest = m =>
        {
            if (m.Cut is 1 or 17) _cuts.Put(m with { Generation = 5, Chunks = [.. m.Chunks.Select(c => c with { Name = c.Name.Replace("g0", "g5", StringComparison.Ordinal) })] });
        };
        var report = await LoadAsync(1);
        Assert.Equal(49, report.Snapshot!.Cut);
        Assert.Equal([5L, 5, 0], new long[] { 1, 17, 49 }.Select(cut => _cuts.Manifest(cut).Generation));
        Assert.Empty(_cuts.Reserved);
    }

    [Fact]
    public async Task A_storage_that_refuses_is_not_asked_again()
    {
        _cuts.OnManifest = _ => throw new SnapshotStorageException("memory", "no space", transient: false);
        await Assert.ThrowsAsync<SnapshotStorageException>(() => LoadAsync(1));
        Assert.Equal(3, _cuts.Story.Count);
        Assert.Empty(_cuts.Reserved);
    }

    [Fact]
    public async Task The_newest_whole_cut_is_adapted_past_damaged_ones()
    {
        await LoadAsync(1);
        await LoadAsync(2);
        await LoadAsync(3);
        _cuts.Damage("g0-c3-b2-e0");
        var changed = Spec with { BlockBytes = 8192 };

        Assert.Equal(2, (await Maker.OfCutAsync(changed, new(), default)).Source!.Cut);
        await Assert.ThrowsAsync<SnapshotCorruptException>(() => Maker.OfCutAsync(changed, new() { Cut = 3 }, default));
        await Assert.ThrowsAsync<SnapshotNotFoundException>(() => Maker.OfCutAsync(changed, new() { Cut = 99 }, default));

        var none = new CutMaker(new MemoryCuts(), TimeProvider.System);
        await Assert.ThrowsAsync<SnapshotNotFoundException>(() => none.OfCutAsync(changed, new(), default));
    }

    [Fact]
    public async Task All_damaged_is_not_the_same_as_none()
    {
        await LoadAsync(1);
        _cuts.Damage("g0-c1-b0-e0");
        await Assert.ThrowsAsync<SnapshotCorruptException>(() => Maker.OfCutAsync(Spec with { BlockBytes = 8192 }, new(), default));
        Assert.Empty(_cuts.Reserved);
    }

    [Fact]
    public async Task Every_old_block_is_read_once_where_the_order_stayed()
    {
        await LoadAsync(1);
        foreach (var bytes in (int[])[8192, 12_288, 4096 - 64 + 4096])
        {
            _cuts.Story.Clear();
            await Maker.OfCutAsync(Spec with { BlockBytes = bytes }, new() { Cut = 1 }, default);
            Assert.Equal(["read g0-c1-b0-e0", "read g0-c1-b1-e0", "read g0-c1-b2-e0"], _cuts.Story.Where(s => s.StartsWith("read", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public async Task A_cut_whose_blocks_are_not_its_specs_is_damaged()
    {
        await LoadAsync(1);
        var manifest = _cuts.Manifest(1);
        _cuts.Put(manifest with { Spec = Spec with { BlockBytes = 8192 } });
        await Assert.ThrowsAsync<SnapshotCorruptException>(() => Maker.OfCutAsync(Spec with { Optimizer = Optimizer.Sgd() }, new() { Cut = 1 }, default));
        _cuts.Put(manifest with { Spec = Spec with { Parameters = [new("a", [1500]), new("c", [1]), new("b", [699])] } });
        await Assert.ThrowsAsync<SnapshotCorruptException>(() => Maker.OfCutAsync(Spec with { Optimizer = Optimizer.Sgd() }, new() { Cut = 1 }, default));
    }

    private Task<LoadReport> LoadAsync(float value)
    {
        var values = TensorSet.For(Spec);
        foreach (var (_, memory) in values) memory.Span.Fill(value);
        return Maker.OfWeightsAsync(Spec, new TensorWeights(Spec.Parameters, values), new(), default);
    }
}
