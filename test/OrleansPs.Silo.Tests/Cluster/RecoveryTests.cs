using OrleansPs.Conformance;

namespace OrleansPs.Silo.Tests.Cluster;

/// <summary>What a model goes back to when a silo takes blocks with it.</summary>
public sealed class RecoveryTests : IDisposable
{
    private readonly CancellationTokenSource _limit = new(TimeSpan.FromMinutes(2));

    private CancellationToken Limit => _limit.Token;

    public void Dispose() => _limit.Dispose();

    [Fact]
    public async Task It_passes_a_damaged_cut_over()
    {
        await using var cluster = await ProcessCluster.StartAsync(2);
        var ledger = Ledgers.Spec("damaged", "BSP", workers: 1);
        await cluster.Server.CreateModelAsync(ledger, Limit);
        var worker = await cluster.Server.JoinAsync(ledger.Name, 0, null, Limit);
        await Ledgers.RunToAsync(worker, 3, Limit);
        var good = await cluster.Server.TakeSnapshotAsync(ledger.Name, Limit);
        await Ledgers.RunToAsync(worker, 5, Limit);
        var damaged = await cluster.Server.TakeSnapshotAsync(ledger.Name, Limit);
        await Ledgers.RunToAsync(worker, 7, Limit);
        foreach (var chunk in Directory.GetFiles(cluster.Directory, $"*-c{damaged.Cut}-b*", SearchOption.AllDirectories)) await DamageAsync(chunk);

        await KillAsync(cluster, ledger.Name);
        await Ledgers.RunToAsync(worker, 9, Limit);

        Assert.Equal(good.Cut, worker.Position.RestoredCut);
        await RequireAsync(cluster, ledger, 9);
    }

    [Fact]
    public async Task Without_a_cut_it_begins_again_and_never_with_one_of_an_earlier_model_of_its_name()
    {
        await using var cluster = await ProcessCluster.StartAsync(2);
        var ledger = Ledgers.Spec("again", "BSP", workers: 1);
        await cluster.Server.CreateModelAsync(ledger, Limit);
        var earlier = await cluster.Server.JoinAsync(ledger.Name, 0, null, Limit);
        await Ledgers.RunToAsync(earlier, 3, Limit);
        await cluster.Server.TakeSnapshotAsync(ledger.Name, Limit);
        await cluster.Server.DeleteModelAsync(ledger.Name, Limit);
        await cluster.Server.CreateModelAsync(ledger, Limit);
        var worker = await cluster.Server.JoinAsync(ledger.Name, 0, null, Limit);
        await Ledgers.RunToAsync(worker, 2, Limit);

        await KillAsync(cluster, ledger.Name);
        await Ledgers.RunToAsync(worker, 5, Limit);

        Assert.Equal(0, worker.Position.RestoredCut);
        await RequireAsync(cluster, ledger, 5);
    }

    [Fact]
    public async Task After_a_restore_by_hand_it_goes_back_to_that_cut_and_not_to_a_newer_one_that_was_left()
    {
        await using var cluster = await ProcessCluster.StartAsync(2);
        var ledger = Ledgers.Spec("chosen", "BSP", workers: 1);
        await cluster.Server.CreateModelAsync(ledger, Limit);
        var worker = await cluster.Server.JoinAsync(ledger.Name, 0, null, Limit);
        await Ledgers.RunToAsync(worker, 3, Limit);
        var chosen = await cluster.Server.TakeSnapshotAsync(ledger.Name, Limit);
        await Ledgers.RunToAsync(worker, 5, Limit);
        await cluster.Server.TakeSnapshotAsync(ledger.Name, Limit);
        await cluster.Server.RestoreAsync(ledger.Name, new() { Cut = chosen.Cut }, Limit);
        await Ledgers.RunToAsync(worker, 4, Limit);

        await KillAsync(cluster, ledger.Name);
        await Ledgers.RunToAsync(worker, 8, Limit);

        Assert.Equal(chosen.Cut, worker.Position.RestoredCut);
        await RequireAsync(cluster, ledger, 8);
    }

    // One that holds a block: two blocks are on two silos.
    private async Task KillAsync(ProcessCluster cluster, string model)
    {
        var blocks = await cluster.Admin.ListBlocksAsync(model, Limit);
        await cluster.SiloAt(blocks[0].Silo).KillAsync();
    }

    private async Task RequireAsync(ProcessCluster cluster, ModelSpec spec, long steps)
    {
        await using var reader = await cluster.Server.OpenReaderAsync(spec.Name, Limit);
        var values = TensorSet.For(spec);
        await reader.ReadLatestAsync(values, Limit);
        Tensors.AllAre(steps, values["plus"]);
        Tensors.AllAre(-steps, values["minus"]);
    }

    private static async Task DamageAsync(string file)
    {
        var bytes = await File.ReadAllBytesAsync(file);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(file, bytes);
    }
}
