using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Replication;
using OrleansPs.Core.Snapshots;
using OrleansPs.Core.Specs;
using OrleansPs.Hosting;
using OrleansPs.Protocol;

namespace OrleansPs.Grains;

/// <summary>Makes blocks on silos: each replica loads its own chunk where it is going to be.</summary>
internal sealed class GrainBlockFactory : IBlockFactory
{
    private const int AtOnce = 64;
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan s_emptyLimit = TimeSpan.FromSeconds(5);

    private readonly IGrainFactory _grains;
    private readonly BlockPlacer _placer;
    private readonly Func<GrainBlocks?> _present;
    private readonly ModelSpec _model;
    private readonly byte[] _spec;
    private readonly int _blocks;

    /// <summary>A factory.</summary>
    /// <param name="spec">The model's spec.</param>
    /// <param name="grains">The way to grains.</param>
    /// <param name="placer">Says which silos take replicas.</param>
    /// <param name="present">The blocks that there are now: the next ones go where they are, as far as that is good.</param>
    public GrainBlockFactory(ModelSpec spec, IGrainFactory grains, BlockPlacer placer, Func<GrainBlocks?> present)
    {
        (_grains, _placer, _present, _model) = (grains, placer, present, spec);
        _spec = ModelSpecJson.Encode(spec);
        _blocks = BlockLayout.Create(spec).Blocks.Count;
    }

    /// <summary>Is told when blocks of a generation have lost all their replicas.</summary>
    public Action<GrainBlocks, int> OnLost { get; set; } = (_, _) => { };

    public async Task<IPreparedBlocks> PrepareAsync(SnapshotManifest? from, CancellationToken cancellationToken)
    {
        if (from is not null && from.Chunks.Count != _blocks)
            throw new SnapshotCorruptException(
                $"of cut {from.Cut} of model '{_model.Name}'", $"it has {from.Chunks.Count} blocks, and the spec's layout has {_blocks}.");
        var plan = Plan();
        var prepared = new Prepared(this, new ReplicaSite?[_blocks], new ReplicaSite?[_blocks]);
        try
        {
            var bound = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken };
            await Parallel.ForAsync(0, _blocks, bound, async (block, token) =>
            {
                var wanted = new BlockPlan(_spec, block, from?.Chunks[block], IsEmpty: false);
                var standby = plan[block].Standby is { } silo ? PrepareAsync(wanted, silo, s_limit, token) : null;
                prepared.Primaries[block] = await PrepareAsync(wanted, plan[block].Primary!, s_limit, token).ConfigureAwait(false);
                if (standby is not null) prepared.Standbys[block] = await standby.ConfigureAwait(false);
            }).ConfigureAwait(false);
            return prepared;
        }
        catch
        {
            await prepared.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Makes one replica that is to get everything from its primary; null if it can't be made now.</summary>
    public async Task<ReplicaSite?> TryPrepareEmptyAsync(int block, string silo)
    {
        try
        {
            return await PrepareAsync(new(_spec, block, null, IsEmpty: true), silo, s_emptyLimit, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ParameterServerException or OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>The blocks of a generation that another coordinator began.</summary>
    public GrainBlocks Present(long generation, IReadOnlyList<BlockSites> map, long version) =>
        new(generation, map, version, _grains, this);

    private IReadOnlyList<ReplicaSilos> Plan()
    {
        var usable = _placer.Usable();
        if (usable.Count == 0) throw new ServerUnavailableException("There is no active silo to hold blocks.");
        var current = _present()?.Map.Select(ReplicaSilos.Of).ToArray() ?? new ReplicaSilos[_blocks];
        return ReplicaPlacement.Plan(current, usable, _model.Durability.IsReplicated);
    }

    // Nobody knows the key yet, so the activation is made by this call, on the silo that the key says.
    private async Task<ReplicaSite> PrepareAsync(BlockPlan plan, string silo, TimeSpan atMost, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(atMost);
        var address = SiloAddress.FromParsableString(silo);
        var key = BlockKey.Of(_model.Name, plan.Block, Guid.NewGuid(), address);
        var grain = _grains.GetGrain<IBlockControl>(key);
        var prepared = (await Calls.WaitAsync(grain.Prepare(plan), limit.Token).ConfigureAwait(false)).Get();
        return prepared.Silo.Equals(address) ? new(key, silo, prepared.Nonce)
            : throw new ServerUnavailableException($"Silo {silo} was lost before block {plan.Block} was there.");
    }

    private sealed class Prepared(GrainBlockFactory factory, ReplicaSite?[] primaries, ReplicaSite?[] standbys) : IPreparedBlocks
    {
        private bool _hasBegun;

        public ReplicaSite?[] Primaries => primaries;

        public ReplicaSite?[] Standbys => standbys;

        private IEnumerable<ReplicaSite> All => primaries.Concat(standbys).OfType<ReplicaSite>();

        public async Task<IBlockSet> BeginAsync(long generation, long newestCut, CancellationToken cancellationToken)
        {
            // The standbys first: a primary begins to feed its own at once.
            await BeginAsync(standbys.OfType<ReplicaSite>().Select(s => GrainOf(s).Begin(s.Nonce, generation, newestCut, null)), cancellationToken)
                .ConfigureAwait(false);
            await BeginAsync(primaries.Select((p, b) => GrainOf(p!).Begin(p!.Nonce, generation, newestCut, FirstOrder(b))), cancellationToken)
                .ConfigureAwait(false);
            _hasBegun = true;
            return new GrainBlocks(
                generation, [.. primaries.Select((p, b) => new BlockSites(0, p!, standbys[b]))], 0, factory._grains, factory);
        }

        public ValueTask DisposeAsync()
        {
            if (_hasBegun) return default;
            foreach (var site in All) GrainOf(site).Close().Ignore();
            return default;
        }

        // Before the first order of any coordinator.
        private ReplicaOrder FirstOrder(int block) =>
            ReplicaOrder.Of(new(new(-1, 1), ReplicaTask.Lead, 0, standbys[block]));

        private static async Task BeginAsync(IEnumerable<Task<bool>> calls, CancellationToken cancellationToken)
        {
            var begun = await Task.WhenAll(calls.Select(c => Calls.WaitAsync(c, cancellationToken).AsTask())).ConfigureAwait(false);
            if (begun.Contains(false)) throw new ServerUnavailableException("A silo was lost before the blocks on it began.");
        }

        private IBlockControl GrainOf(ReplicaSite site) => factory._grains.GetGrain<IBlockControl>(site.Key);
    }
}
