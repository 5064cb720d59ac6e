using OrleansPs.Conformance;

namespace OrleansPs.Embedded.Tests.Server;

/// <summary>The server and its directory: who may use it, and what happens when it is damaged or gone.</summary>
#pragma warning disable CA1001 // The log holds nothing.
public sealed class ServerStorageTests() : HostTests(new EmbeddedHost())
#pragma warning restore CA1001
{
    private readonly LogLines _log = new();

    [Fact]
    public async Task A_directory_that_another_server_uses_is_refused_until_that_one_stops()
    {
        var e = await Assert.ThrowsAsync<SnapshotStorageException>(() => EmbeddedParameterServer.StartAsync(Options));

        Assert.True(e.IsTransient);
        Assert.Equal(SnapshotDirectory, e.Location);
        await Server.DisposeAsync();
        await using var next = await EmbeddedParameterServer.StartAsync(Options);
    }

    [Fact]
    public async Task A_path_that_is_no_directory_is_refused_at_the_start()
    {
        var file = Path.Combine(SnapshotDirectory, "file");
        await File.WriteAllTextAsync(file, "", Limit);

        var e = await Assert.ThrowsAsync<SnapshotStorageException>(
            () => EmbeddedParameterServer.StartAsync(Options with { SnapshotDirectory = file }));

        Assert.Contains(file, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_newest_snapshot_is_passed_over_with_a_message()
    {
        await using var server = await RestartWithLogAsync();
        var ledger = Ledgers.Spec(NewName(), "BSP", workers: 1);
        await server.CreateModelAsync(ledger, Limit);
        var worker = await server.JoinAsync(ledger.Name, 0, null, Limit);
        await Ledgers.StepAsync(worker, Limit);
        var good = await server.TakeSnapshotAsync(ledger.Name, Limit);
        await Ledgers.StepAsync(worker, Limit);
        var damaged = await server.TakeSnapshotAsync(ledger.Name, Limit);
        await DamageAsync(ledger.Name, damaged.Cut);

        Assert.Equal(good, await server.RestoreAsync(ledger.Name, null, Limit));

        Assert.Contains(_log.Warnings, w => w.Contains($"Cut {damaged.Cut}", StringComparison.Ordinal)
            && w.Contains(ledger.Name, StringComparison.Ordinal) && w.Contains("passed over", StringComparison.Ordinal));
        await worker.ResumeAsync(Limit);
        Tensors.AllAre(1, (await Tensors.PullAsync(worker, Limit)).AsMemory(0, 1024));
    }

    [Fact]
    public async Task A_damaged_snapshot_that_is_asked_for_by_its_cut_is_refused_and_the_model_stays()
    {
        var ledger = Ledgers.Spec(NewName(), "BSP", workers: 1);
        var worker = (await BeginAsync(ledger))[0];
        await Ledgers.StepAsync(worker, Limit);
        var damaged = await Server.TakeSnapshotAsync(ledger.Name, Limit);
        await DamageAsync(ledger.Name, damaged.Cut);
        var before = await Untouched.RememberAsync(Server, ledger, Limit);

        await Assert.ThrowsAsync<SnapshotCorruptException>(
            () => Server.RestoreAsync(ledger.Name, new() { Cut = damaged.Cut }, Limit));
        await using var reader = await Server.OpenReaderAsync(ledger.Name, Limit);
        await Assert.ThrowsAsync<SnapshotCorruptException>(
            () => reader.ReadSnapshotAsync(damaged.Cut, TensorSet.For(ledger), Limit));

        await before.RequireAsync();
    }

    [Theory]
    [InlineData("BSP")]
    [InlineData("ASP")]
    public async Task Training_goes_on_while_the_storage_fails_and_snapshots_work_again_when_it_is_back(string mode)
    {
        await using var server = await RestartWithLogAsync();
        var ledger = Ledgers.Spec(NewName(), mode, workers: 1) with { Durability = DurabilityPolicy.Snapshot(everyClocks: 1) };
        using var failures = new ModelCounter("orleansps.server.failed_snapshots", ledger.Name);
        await server.CreateModelAsync(ledger, Limit);
        var worker = await server.JoinAsync(ledger.Name, 0, null, Limit);

        using (new Outage(Path.Combine(SnapshotDirectory, ledger.Name)))
        {
            await StepUntilAsync(worker, async () => (await server.GetStatusAsync(ledger.Name, Limit)).SnapshotError is not null);
            await StepUntilAsync(worker, () => Task.FromResult(failures.Total > 0));
            Assert.Null((await server.GetStatusAsync(ledger.Name, Limit)).LastSnapshot);
            Assert.Contains(_log.Warnings, w => w.Contains("Training goes on", StringComparison.Ordinal));
        }
        // What the cadence asked for is tried again after a while by itself.
        await StepUntilAsync(worker, async () => (await server.GetStatusAsync(ledger.Name, Limit)).LastSnapshot is not null);

        Assert.Null((await server.GetStatusAsync(ledger.Name, Limit)).SnapshotError);
        var sums = await Tensors.PullAsync(worker, Limit);
        Tensors.AllAre(worker.Position.Step, sums.AsMemory(0, 1024));
        Tensors.AllAre(-worker.Position.Step, sums.AsMemory(1024));
    }

    [Fact]
    public async Task A_snapshot_asked_for_by_hand_while_the_storage_fails_is_aborted_and_can_be_asked_again()
    {
        var ledger = Ledgers.Spec(NewName(), "BSP", workers: 1);
        var worker = (await BeginAsync(ledger))[0];
        await Ledgers.StepAsync(worker, Limit);
        using (new Outage(Path.Combine(SnapshotDirectory, ledger.Name)))
        {
            var e = await Assert.ThrowsAsync<SnapshotAbortedException>(() => Server.TakeSnapshotAsync(ledger.Name, Limit));
            Assert.True(e.IsTransient);
            Assert.Equal(e.Reason, (await StatusAsync(ledger.Name)).SnapshotError);
            await Ledgers.StepAsync(worker, Limit);
        }

        var snapshot = await Server.TakeSnapshotAsync(ledger.Name, Limit);

        Assert.Equal(2, snapshot.Round);
        Assert.Null((await StatusAsync(ledger.Name)).SnapshotError);
    }

    [Fact]
    public async Task A_snapshot_of_a_large_model_that_is_closed_meanwhile_is_aborted_and_leaves_the_older_one()
    {
        var spec = Spec(new DenseParameter("w", [500_000]));
        await CreateAsync(spec);
        var whole = await Server.TakeSnapshotAsync(spec.Name, Limit);

        var taking = Server.TakeSnapshotAsync(spec.Name, Limit);
        await Server.DisposeAsync();
        var e = await Record.ExceptionAsync(() => taking);

        await using var next = await EmbeddedParameterServer.StartAsync(Options);
        var listed = await next.ListSnapshotsAsync(spec.Name, Limit);
        Assert.Equal(whole, listed[0]);
        if (e is null) Assert.Equal(await taking, listed[1]);
        else Assert.IsType<SnapshotAbortedException>(e);
    }

    private EmbeddedServerOptions Options => new() { SnapshotDirectory = SnapshotDirectory, LoggerFactory = _log };

    private async Task<IParameterServer> RestartWithLogAsync()
    {
        await Server.DisposeAsync();
        return await EmbeddedParameterServer.StartAsync(Options);
    }

    private async Task DamageAsync(string model, long cut)
    {
        var chunk = Directory.GetFiles(Path.Combine(SnapshotDirectory, model, "chunks"), $"*-c{cut}-*").First();
        var bytes = await File.ReadAllBytesAsync(chunk, Limit);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(chunk, bytes, Limit);
    }

    private async Task StepUntilAsync(IParameterWorker worker, Func<Task<bool>> holds) => await Until(async () =>
    {
        await Ledgers.StepAsync(worker, Limit);
        return await holds();
    });

    /// <summary>A directory that is away, with a file in its place, until this is disposed.</summary>
    private sealed class Outage : IDisposable
    {
        private readonly string _directory;
        private readonly string _away;

        public Outage(string directory)
        {
            _directory = directory;
            _away = directory + ".away";
            Directory.Move(directory, _away);
            File.WriteAllText(directory, "");
        }

        public void Dispose()
        {
            File.Delete(_directory);
            Directory.Move(_away, _directory);
        }
    }
}
