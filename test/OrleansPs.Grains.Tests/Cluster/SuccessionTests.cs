using Microsoft.Extensions.DependencyInjection;
using OrleansPs.Hosting;
using OrleansPs.Protocol;

namespace OrleansPs.Grains.Tests;

/// <summary>A coordinator that was away while another one came finds that out where it would undo the other's work.</summary>
public sealed class SuccessionTests : IAsyncLifetime
{
    private TestCluster _cluster = null!;
    private ClusterParameterServer _server = null!;

    private ByteStorage Bytes => _cluster.Orleans.Silos[0].ServiceProvider.GetRequiredService<SiloStorage>().Bytes;

    public async Task InitializeAsync() => (_cluster, _server) = (await TestCluster.StartAsync(1), null!);

    public async Task DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_restore_by_one_that_is_over_is_done_by_the_next_one(bool isReplicated)
    {
        _server = _cluster.Connect();
        var spec = Spec("away") with { Durability = isReplicated ? DurabilityPolicy.Replicated() : DurabilityPolicy.Snapshot() };
        await _server.CreateModelAsync(spec);
        await StepAsync(spec);
        var snapshot = await _server.TakeSnapshotAsync(spec.Name);
        await StepAsync(spec);
        var before = await PointerAsync(spec.Name);
        // As one that takes a term, and then dies.
        Assert.True(await Store().TryWritePointerAsync(spec.Name, before, before with { Term = before.Term + 1 }, default));

        await _server.RestoreAsync(spec.Name, new() { Cut = snapshot.Cut });

        var after = await PointerAsync(spec.Name);
        Assert.True(after.Generation > before.Generation && after.Term > before.Term + 1, after.ToString());
        Assert.Equal((after.Generation, 1L), await StateAsync(spec));
        await StepAsync(spec);
        Assert.Equal((after.Generation, 2L), await StateAsync(spec));
    }

    [Theory]
    [InlineData("index", 1)]
    [InlineData("model", 2)]
    [InlineData("model", 3)]
    public async Task One_that_creates_a_model_leaves_it_to_another_that_began_it_meanwhile(string written, int times)
    {
        _server = _cluster.Connect();
        var spec = Spec("begun-twice");
        var (others, wasGone) = (0L, false);
        _cluster.Storage.OnWrite = state =>
        {
            if (state != written || --times > 0) return;
            // Just before the numbers are raised, the term is written or the origin: the record is there, and another coordinator opens the model.
            _cluster.Storage.OnWrite = null;
            others = OpenElsewhereAsync(spec.Name).GetAwaiter().GetResult();
            _cluster.Storage.OnWrite = next => wasGone |= next == "model" && _cluster.Storage.CountOf($"{spec.Name}/model") == 0;
        };

        await _server.CreateModelAsync(spec);

        Assert.True(others > 0 && !wasGone);
        Assert.True((await PointerAsync(spec.Name)).Term > others);
        Assert.Equal(new ModelOrigin(0, 3, null), (await RecordAsync(spec.Name)).Value!.Origin);
        await StepAsync(spec);
        Assert.Equal(1, (await StateAsync(spec)).Steps);
    }

    private async Task<long> OpenElsewhereAsync(string model)
    {
        var (pointer, records) = (await PointerAsync(model), await RecordAsync(model));
        var next = new ModelPointer(pointer.Generation + 1, pointer.Term + 1, 3);
        Assert.True(await Store().TryWritePointerAsync(model, pointer, next, default));
        Assert.True(await records.TryChangeAsync(next.Term, r => r with { Origin = new(0, next.NextCut, null) }));
        return next.Term;
    }

    private static ModelSpec Spec(string name) => new(name)
    {
        Parameters = [new("w", [8])], Optimizer = Optimizer.Sum(), Consistency = ConsistencyPolicy.Asynchronous,
    };

    private GrainStorageSnapshotStore Store() => new(Bytes, () => []);

    private async Task<ModelPointer> PointerAsync(string model) => await Store().ReadPointerAsync(model, default);

    private async Task<ModelRecords> RecordAsync(string model)
    {
        ModelRecords records = new(new(Bytes, "model", $"{model}/model", IndexJson.Default.ModelRecord));
        Assert.NotNull(await records.ReadAsync());
        return records;
    }

    // Pushes one, and ends the step.
    private async Task StepAsync(ModelSpec spec)
    {
        await using var worker = await _server.JoinAsync(spec.Name, 0);
        await worker.PushAsync(new() { { "w", Enumerable.Repeat(1f, 8).ToArray() } });
        await worker.ClockAsync(worker.Position.Step + 1);
    }

    private async Task<(long Generation, long Steps)> StateAsync(ModelSpec spec)
    {
        var status = await _server.GetStatusAsync(spec.Name);
        await using var reader = await _server.OpenReaderAsync(spec.Name);
        var values = TensorSet.For(spec);
        await reader.ReadLatestAsync(values);
        var steps = Assert.Single(values["w"].ToArray().Distinct());
        Assert.Equal(status.Workers[0].Step, (long)steps);
        return (status.Generation, (long)steps);
    }
}
