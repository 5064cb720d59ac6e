using OrleansPs.Core.Snapshots;

namespace OrleansPs.Core.Tests.Snapshots;

public sealed class DeltaBasesTests
{
    private static readonly ModelSpec Spec = new("m") { Parameters = [], Optimizer = Optimizer.Sum(), Tables = [new("t", 2)] };

    [Fact]
    public void A_delta_rests_on_the_newest_whole_chunk_of_its_block()
    {
        var bases = new DeltaBases();
        Assert.Null(bases.Of(0));
        var first = Cut(1, null, null);
        bases.Add(first);
        bases.Add(Cut(2, first.Chunks[0], null));
        Assert.Equal(1, CutOf(bases.Of(0)));
        Assert.Equal(2, CutOf(bases.Of(1)));
    }

    [Fact]
    public void A_manifest_that_comes_after_that_of_a_newer_cut_brings_no_base()
    {
        var bases = new DeltaBases();
        var first = Cut(1, null, null);
        bases.Add(first);
        bases.Add(Cut(3, first.Chunks[0], null));
        bases.Add(Cut(2, null, null));
        Assert.Equal(1, CutOf(bases.Of(0)));
        Assert.Equal(3, CutOf(bases.Of(1)));
    }

    [Fact]
    public void Retention_keeps_what_a_kept_cut_rests_on_and_counts_no_damaged_one()
    {
        var first = Cut(1, null, null);
        (long, SnapshotManifest?)[] cuts = [(1, first), (2, Cut(2, null, null)), (3, Cut(3, first.Chunks[0], null)), (4, null)];
        Assert.Equal([2], DeltaBases.Superseded(cuts, 1));
        Assert.Empty(DeltaBases.Superseded(cuts, 2));
        Assert.Empty(DeltaBases.Superseded(cuts, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => DeltaBases.Superseded(cuts, 0));
    }

    private static long CutOf(ChunkRecord? chunk) => ChunkName.TryParse("m", chunk!.Name, out var identity) ? identity.Cut : -1;

    private static SnapshotManifest Cut(long cut, params ChunkRecord?[] bases) => new()
    {
        Model = "m", Cut = cut, Generation = 1, Round = 0, TakenAt = DateTimeOffset.UnixEpoch, Spec = Spec, Ranks = [], Open = [],
        Chunks = [.. bases.Select((from, block) => new ChunkRecord(block, ChunkName.Of(1, cut, block, 0), 1, "") { Base = from })],
    };
}
