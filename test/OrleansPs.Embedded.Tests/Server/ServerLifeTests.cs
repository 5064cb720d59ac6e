using OrleansPs.Conformance;

namespace OrleansPs.Embedded.Tests.Server;

/// <summary>What one process can't offer, and how a server and its models end.</summary>
public sealed class ServerLifeTests() : HostTests(new EmbeddedHost())
{
    [Fact]
    public async Task Replicated_durability_is_refused()
    {
        var spec = Ledgers.Spec(NewName(), "BSP", workers: 1) with { Durability = DurabilityPolicy.Replicated() };

        var e = await Assert.ThrowsAsync<InvalidSpecException>(() => Server.CreateModelAsync(spec, Limit));

        Assert.StartsWith("Durability is 'Replicated': one process", e.Message, StringComparison.Ordinal);
        Assert.Empty(await Server.ListModelsAsync(Limit));
    }

    [Theory]
    [InlineData(5, 0)]
    [InlineData(0, 1000)]
    public async Task A_cadence_of_snapshots_without_a_directory_is_refused(int everyClocks, int interval)
    {
        var server = await StartAsync(keepsSnapshots: false);
        var spec = Ledgers.Spec(NewName(), "BSP", workers: 1) with
        {
            Durability = DurabilityPolicy.Snapshot(everyClocks, interval == 0 ? null : TimeSpan.FromMilliseconds(interval)),
        };

        var e = await Assert.ThrowsAsync<InvalidSpecException>(() => server.CreateModelAsync(spec, Limit));

        Assert.Contains("SnapshotDirectory", e.Rule, StringComparison.Ordinal);
        Assert.Empty(await server.ListModelsAsync(Limit));
    }

    [Theory]
    [InlineData("BSP", false)]
    [InlineData("BSP", true)]
    [InlineData("SSP", false)]
    [InlineData("SSP", true)]
    public async Task Calls_that_wait_end_with_a_typed_error_when_the_model_goes(string mode, bool wholeServer)
    {
        var ledger = Ledgers.Spec(NewName(), mode, workers: 2);
        var workers = await JoinAllAsync(await CreateAsync(ledger), 2, Patient);
        for (var step = 1; mode == "SSP" && step <= 2; step++) await workers[0].ClockAsync(step, Limit);
        var waiting = workers[0].ClockAsync(9, Limit).AsTask();
        await UntilWaiting(ledger.Name, 0);

        if (wholeServer) await Server.DisposeAsync();
        else await Server.DeleteModelAsync(ledger.Name, Limit);

        var e = await Assert.ThrowsAsync<UnknownModelException>(() => waiting);
        Assert.Equal(ledger.Name, e.Model);
        await Assert.ThrowsAsync<UnknownModelException>(() => Ledgers.StepAsync(workers[1], Limit));
        foreach (var worker in workers) await worker.DisposeAsync();
    }

    [Fact]
    public async Task A_model_can_be_deleted_under_running_workers_and_made_anew()
    {
        var ledger = Ledgers.Spec(NewName(), "ASP", workers: 3);
        var workers = await BeginAsync(ledger);
        var running = workers.Select(w => Task.Run(async () =>
        {
            while (true) await Ledgers.StepAsync(w, Limit);
        })).ToArray();
        await Until(() => Task.FromResult(workers.All(w => w.Position.Step > 3)));

        await Server.DeleteModelAsync(ledger.Name, Limit);

        foreach (var run in running)
        {
            var e = await Record.ExceptionAsync(() => run);
            Assert.True(e is UnknownModelException or StepRestartException, e?.ToString());
        }
        await CreateAsync(ledger);
        Tensors.AllAre(0, await ReadAsync(ledger));
    }

    [Fact]
    public async Task A_session_of_a_deleted_model_has_no_part_in_a_new_one_of_its_name()
    {
        var ledger = Ledgers.Spec(NewName(), "BSP", workers: 1);
        var worker = (await BeginAsync(ledger))[0];
        await Ledgers.StepAsync(worker, Limit);
        await Server.DeleteModelAsync(ledger.Name, Limit);
        await CreateAsync(ledger);

        await Assert.ThrowsAsync<UnknownModelException>(() => Ledgers.StepAsync(worker, Limit));

        Tensors.AllAre(0, await ReadAsync(ledger));
    }

    [Fact]
    public async Task A_disposed_server_refuses_calls_and_can_be_disposed_again()
    {
        await CreateAsync(Ledgers.Spec("m", "BSP", workers: 1));

        await Server.DisposeAsync();
        await Server.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => Server.GetStatusAsync("m", Limit));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => Server.JoinAsync("m", 0, null, Limit));
        await Assert.ThrowsAsync<ObjectDisposedException>(
            () => Server.CreateModelAsync(Ledgers.Spec("n", "BSP", workers: 1), Limit));
    }

    [Fact]
    public async Task Models_of_one_server_do_not_disturb_each_other()
    {
        var specs = new[] { "BSP", "SSP", "ASP" }.Select(mode => Ledgers.Spec(NewName(), mode, workers: 2)).ToArray();
        var workers = new List<IParameterWorker>();
        foreach (var spec in specs) workers.AddRange(await BeginAsync(spec));

        await Crowd.RunAsync(workers, (w, end) => Ledgers.RunToAsync(w, 20 + w.Spec.Name.Length % 2, end), Limit);

        Assert.Equal(specs.Select(s => s.Name).Order(StringComparer.Ordinal), await Server.ListModelsAsync(Limit));
        foreach (var spec in specs) Tensors.AllAre(2 * (20 + spec.Name.Length % 2), (await ReadAsync(spec)).AsMemory(0, 1024));
    }
}
