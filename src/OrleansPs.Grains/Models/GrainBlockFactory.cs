using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;
using OrleansPs.Core.Specs;
using OrleansPs.Hosting;
using OrleansPs.Protocol;

namespace OrleansPs.Grains;

/// <summary>Makes blocks on silos: each loads its own chunk where it is going to be.</summary>
internal sealed class GrainBlockFactory : IBlockFactory
{
    private const int AtOnce = 64;
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    private readonly IGrainFactory _grains;
    private readonly BlockPlacer _placer;
    private readonly Func<GrainBlocks?> _present;
    private readonly byte[] _spec;
    private readonly string _model;
    private readonly int _blocks;

    /// <summary>A factory.</summary>
    /// <param name="spec">The model's spec.</param>
    /// <param name="grains">The way to grains.</param>
    /// <param name="placer">Decides where.</param>
    /// <param name="present">The blocks that there are now: the next ones go where they are, as far as that is good.</param>
    public GrainBlockFactory(ModelSpec spec, IGrainFactory grains, BlockPlacer placer, Func<GrainBlocks?> present)
    {
        (_grains, _placer, _present) = (grains, placer, present);
        _spec = ModelSpecJson.Encode(spec);
        _model = spec.Name;
        _blocks = BlockLayout.Create(spec).Blocks.Count;
    }

    public async Task<IPreparedBlocks> PrepareAsync(SnapshotManifest? from, CancellationToken cancellationToken)
    {
        if (from is not null && from.Chunks.Count != _blocks)
            throw new SnapshotCorruptException(
                $"of cut {from.Cut} of model '{_model}'", $"it has {from.Chunks.Count} blocks, and the spec's layout has {_blocks}.");
        var silos = _placer.Plan(_present() is { } present ? [.. present.Sites.Select(s => s.Silo)] : new SiloAddress?[_blocks]);
        var prepared = new Prepared(new (BlockSite, Guid)?[_blocks]);
        try
        {
            var bound = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken };
            await Parallel.ForAsync(0, _blocks, bound, async (block, token) =>
                prepared.Sites[block] = await PrepareAsync(new(_spec, block, from?.Chunks[block], IsMove: false), silos[block], 0, token)
                    .ConfigureAwait(false)).ConfigureAwait(false);
            return prepared;
        }
        catch
        {
            await prepared.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Makes one activation ready for a block that moves.</summary>
    public Task<(BlockSite Site, Guid Nonce)> PrepareMoveAsync(int block, SiloAddress silo, long epoch, CancellationToken cancellationToken) =>
        PrepareAsync(new(_spec, block, null, IsMove: true), silo, epoch, cancellationToken);

    /// <summary>A grain that was under a key before.</summary>
    public BlockSite SiteOf(SiteRecord record) => new(
        record.Key, SiloAddress.FromParsableString(record.Silo), record.Epoch, _grains.GetGrain<IBlockControl>(record.Key));

    // Nobody knows the key yet, so the activation is made by this call, on the silo that the key says.
    private async Task<(BlockSite, Guid)> PrepareAsync(BlockPlan plan, SiloAddress silo, long epoch, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_limit);
        var key = BlockKey.Of(_model, plan.Block, Guid.NewGuid(), silo);
        var grain = _grains.GetGrain<IBlockControl>(key);
        var prepared = (await Calls.WaitAsync(grain.Prepare(plan), limit.Token).ConfigureAwait(false)).Get();
        return prepared.Silo.Equals(silo) ? (new(key, silo, epoch, grain), prepared.Nonce)
            : throw new ServerUnavailableException($"Silo {silo} was lost before block {plan.Block} was there.");
    }

    private sealed class Prepared((BlockSite Site, Guid Nonce)?[] sites) : IPreparedBlocks
    {
        private bool _hasBegun;

        public (BlockSite Site, Guid Nonce)?[] Sites => sites;

        public async Task<IBlockSet> BeginAsync(long generation, long newestCut, CancellationToken cancellationToken)
        {
            var begun = await Task.WhenAll(sites.Select(s => Calls.WaitAsync(
                s!.Value.Site.Grain.Begin(s.Value.Nonce, generation, 0, newestCut), cancellationToken).AsTask())).ConfigureAwait(false);
            if (begun.Contains(false)) throw new ServerUnavailableException("A silo was lost before the blocks on it began.");
            _hasBegun = true;
            return new GrainBlocks(generation, [.. sites.Select(s => s!.Value.Site)]);
        }

        public async ValueTask DisposeAsync()
        {
            if (_hasBegun) return;
            foreach (var site in sites) _ = CloseAsync(site?.Site.Grain);
            await Task.CompletedTask.ConfigureAwait(false);
        }

        private static async Task CloseAsync(IBlockControl? grain)
        {
            if (grain is not null) await grain.Close().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
