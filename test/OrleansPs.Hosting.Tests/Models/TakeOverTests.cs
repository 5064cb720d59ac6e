using OrleansPs.Core.Consistency;

namespace OrleansPs.Hosting.Tests;

/// <summary>A host that goes on where another one stood, with its blocks.</summary>
public sealed class TakeOverTests : IDisposable
{
    private readonly ModelRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task Nothing_is_lost()
    {
        var host = await _rig.CreateAsync();
        await ModelRig.TrainAsync(host, 3);
        var snapshot = await host.TakeSnapshotAsync(default);
        await ModelRig.TrainAsync(host, 2);
        var blocks = ModelRig.Blocks(host);
        var before = host.GetStatus();

        await using var next = await TakeOverAsync(host, snapshot.Cut);

        Assert.Same(blocks, next.Runtime.Blocks);
        Assert.False(blocks.IsClosed);
        Assert.Null(host.TryGetStatus());
        Assert.Equal(before.Generation, next.Runtime.Generation);
        Assert.Equal((before.Round, before.LastSnapshot), (next.GetStatus().Round, next.GetStatus().LastSnapshot));
        Assert.Equal(before.Workers, next.GetStatus().Workers);
        await ModelRig.TrainAsync(next, 1);
        Assert.Equal(6, ModelRig.Value(next));
        Assert.Equal(snapshot.Cut + 1, (await next.TakeSnapshotAsync(default)).Cut);
    }

    [Fact]
    public async Task The_cut_that_was_open_is_given_up_and_the_next_one_is_another()
    {
        var host = await _rig.CreateAsync();
        await ModelRig.TrainAsync(host, 1);
        var blocks = ModelRig.Blocks(host);
        var frozen = new TaskCompletionSource();
        blocks.OnAsked = what => what == "freeze" ? frozen.Task : Task.CompletedTask;
        var snapshot = host.TakeSnapshotAsync(default);

        await using var next = await TakeOverAsync(host, 0);
        await Assert.ThrowsAsync<SnapshotAbortedException>(() => snapshot);
        frozen.SetResult();

        Assert.Equal(1, blocks.Asked["drop"]);
        Assert.Null(next.GetStatus().LastSnapshot);
        await ModelRig.TrainAsync(next, 1);
        Assert.Equal(2, (await next.TakeSnapshotAsync(default)).Cut);
        await Cuts.AssertWholeAsync(_rig.Store, 2);
    }

    [Fact]
    public async Task It_goes_back_to_where_the_life_began_that_it_took_over()
    {
        var earlier = await _rig.CreateAsync();
        await ModelRig.TrainAsync(earlier, 1);
        await earlier.TakeSnapshotAsync(default);
        await earlier.DisposeAsync();
        var host = await _rig.CreateAsync();
        await ModelRig.TrainAsync(host, 2);
        await using var next = await TakeOverAsync(host, 0);
        await next.RecoverAsync(default);
        Assert.Equal((0, 0f), (ModelRig.RestoredCut(next), ModelRig.Value(next)));
        Assert.True(next.Runtime.Generation > 0);
    }

    [Fact]
    public async Task A_host_hands_over_once()
    {
        var host = await _rig.CreateAsync();
        Assert.NotNull(await host.HandOverAsync());
        Assert.Null(await host.HandOverAsync());
        await host.DisposeAsync();
        Assert.False(_rig.Factory.Begun.Single().IsClosed);
    }

    private async Task<ModelHost> TakeOverAsync(ModelHost host, long lastCut)
    {
        var left = (await host.HandOverAsync())!;
        var state = ControlStateCodec.Decode(ModelRig.Spec, left.Coordinator.Read(c => ControlStateCodec.Encode(c.State)));
        var known = await _rig.KnownAsync();
        Assert.True(await _rig.Store.TryWritePointerAsync(Cuts.Model, known, known with { Term = left.Coordinator.Term + 1 }, default));
        var last = lastCut == 0 ? null : await _rig.Store.ReadManifestAsync(Cuts.Model, lastCut, default);
        return await ModelHost.TakeOverAsync(
            ModelRig.Spec, host.Origin, state, left.Coordinator.Term + 1, left.Blocks, last, _rig.Environment);
    }
}
