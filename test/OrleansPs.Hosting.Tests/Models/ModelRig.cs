using OrleansPs.Conformance;
using OrleansPs.Core.Blocks;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Hosting.Tests;

/// <summary>A model of two blocks under BSP, whose values count the rounds it was trained, and what it runs on.</summary>
internal sealed class ModelRig : IDisposable
{
    private readonly SnapshotDirectory _directory = new();
    private readonly ServerMetrics _metrics = new(() => []);

    public ModelRig(bool stores = true)
    {
        Factory = new(Spec, stores ? Store : null);
        Environment = new(Factory, stores ? Store : null, _metrics, TimeProvider.System, Log);
    }

    public static ModelSpec Spec { get; } = new(Cuts.Model)
    {
        Parameters = [new("w", [1500])],
        Optimizer = Optimizer.Sum(),
        Reduction = Reduction.Mean,
        BlockBytes = 4096,
        MaxWorkers = 4,
        Lease = TimeSpan.FromSeconds(2),
    };

    public DirectorySnapshotStore Store => _directory.Store;

    public LogLines Log { get; } = new();

    public TestBlockFactory Factory { get; }

    public ModelEnvironment Environment { get; }

    public string Chunk(long cut, int block)
    {
        var name = Store.ReadManifestAsync(Cuts.Model, cut, default).AsTask().Result.Chunks[block].Name;
        return Path.Combine(_directory.Model, "chunks", name);
    }

    public async Task<ModelHost> CreateAsync() => await ModelHost.CreateAsync(Spec, await KnownAsync(), Environment, default);

    /// <summary>The model's numbers as they are now.</summary>
    public async Task<ModelPointer> KnownAsync() =>
        Environment.Store is { } store ? await store.ReadPointerAsync(Cuts.Model, default) : ModelPointer.First;

    public async Task<long> NextCutAsync() => (await Store.ReadPointerAsync(Cuts.Model, default)).NextCut;

    /// <summary>Does so many rounds with so many workers, each of which joins anew for each.</summary>
    public static async Task TrainAsync(ModelHost host, int rounds, int workers = 1)
    {
        for (var i = 0; i < rounds; i++)
        {
            var joins = new JoinReply[workers];
            for (var rank = 0; rank < workers; rank++) joins[rank] = await JoinAsync(host, rank);
            await Task.WhenAll(joins.Select((join, rank) => StepAsync(host, rank, join)));
        }
    }

    /// <summary>What all blocks hold: how often the model was trained.</summary>
    public static float Value(ModelHost host)
    {
        var runtime = host.Runtime;
        var certificates = runtime.Coordinator.Read(c => c.State.Certificates.ToArray());
        return Blocks(host).Do((block, _) =>
        {
            block.Certify(runtime.Header(), certificates);
            var values = new float[LengthOf(block)];
            Assert.Equal(BlockStatus.Ok, block.Pull(runtime.Header() with { Clock = -1 }, null, [new(0, values)]).Status);
            return Assert.Single(values.Distinct());
        }, values => Assert.Single(values.Distinct()));
    }

    public static TestBlocks Blocks(ModelHost host) => (TestBlocks)host.Runtime.Blocks;

    public static long RestoredCut(ModelHost host) => host.Runtime.Coordinator.Read(c => c.State.RestoredCut);

    public void Dispose()
    {
        _directory.Dispose();
        _metrics.Dispose();
        Log.Dispose();
    }

    private static int LengthOf(BlockReplica block) => block.Block == 0 ? 1024 : 1500 - 1024;

    private static async Task<JoinReply> JoinAsync(ModelHost host, int rank)
    {
        var nonce = Guid.NewGuid();
        while (true)
        {
            var reply = await host.Runtime.Coordinator.CallAsync<JoinReply>((c, call, now) => c.Join(call, new(rank, nonce, -1), now), default);
            if (reply.Status == CoordinatorStatus.Ok) return reply;
            Assert.Equal(CoordinatorStatus.Waiting, reply.Status);
        }
    }

    private static async Task StepAsync(ModelHost host, int rank, JoinReply join)
    {
        var header = new MessageHeader
        {
            Generation = join.Generation,
            Rank = rank,
            Incarnation = join.Incarnation,
            Step = join.Step,
            Clock = join.Clock,
            Cut = join.Cut,
            Certificate = join.Clock,
        };
        var pushed = Blocks(host).Do((block, _) =>
        {
            block.Certify(header, join.Certificates);
            return block.Push(header, null, [new(0, Enumerable.Repeat(1f, LengthOf(block)).ToArray())]).Status;
        }, all => all.Max());
        Assert.Equal(BlockStatus.Ok, pushed);
        var clock = new ClockCommand(join.Generation, rank, join.Incarnation, join.Step, 10 * (join.Step + 1));
        ClockReply reply;
        do reply = await host.Runtime.Coordinator.CallAsync<ClockReply>((c, call, now) => c.Clock(call, clock, now), default);
        while (reply.Status == CoordinatorStatus.Waiting);
        Assert.Equal(CoordinatorStatus.Ok, reply.Status);
    }
}
