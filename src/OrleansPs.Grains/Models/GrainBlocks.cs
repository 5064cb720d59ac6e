using OrleansPs.Core.Blocks;
using OrleansPs.Core.Consistency;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Replication;
using OrleansPs.Core.Snapshots;
using OrleansPs.Hosting;
using OrleansPs.Protocol;

namespace OrleansPs.Grains;

/// <summary>The blocks of one generation, as grains on silos.</summary>
/// <remarks>Thread safe: the map is replaced whole when it changes.</remarks>
internal sealed class GrainBlocks : IBlockSet, IReplicaSet
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_betweenPrimaries = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_tellLimit = TimeSpan.FromSeconds(2);

    private readonly IGrainFactory _grains;
    private readonly GrainBlockFactory _factory;
    private Published _published;

    public GrainBlocks(long generation, IReadOnlyList<BlockSites> map, long version, IGrainFactory grains, GrainBlockFactory factory)
    {
        (_grains, _factory, Generation) = (grains, factory, generation);
        _published = new(map, version, [.. map.Select(s => GrainOf(s.Primary))]);
    }

    public long Generation { get; }

    public int Count => _published.Map.Count;

    public int WritesAtOnce => 8;

    public IReplicaSet Replicas => this;

    public IReadOnlyList<BlockSites> Map => Volatile.Read(ref _published).Map;

    public BlockMap ToMap(long term)
    {
        var published = Volatile.Read(ref _published);
        return new(Generation, term, published.Version, [.. published.Map.Select(s => new BlockPlace(s.Primary.Key, s.Epoch))]);
    }

    public void Publish(IReadOnlyList<BlockSites> map, long version)
    {
        while (true)
        {
            var present = Volatile.Read(ref _published);
            if (present.Version >= version) return;
            var grains = map.Select((s, b) => s.Primary == present.Map[b].Primary ? present.Grains[b] : GrainOf(s.Primary));
            if (Interlocked.CompareExchange(ref _published, new(map, version, [.. grains]), present) == present) return;
        }
    }

    public Task<ReplicaSite?> PrepareAsync(int block, string silo) => _factory.TryPrepareEmptyAsync(block, silo);

    public async Task<ReplicaAnswer?> TellAsync(ReplicaSite site, ReplicaCommand command)
    {
        var call = GrainOf(site).Obey(site.Nonce, Generation, ReplicaOrder.Of(command));
        return await Calls.TryAsync(call, s_tellLimit).ConfigureAwait(false) is (true, var answer) ? answer : null;
    }

    public void Close(ReplicaSite site) => GrainOf(site).Close().Ignore();

    public void Lost(int blocks) => _factory.OnLost(this, blocks);

    public async ValueTask<long> CertifyAsync(MessageHeader header, IReadOnlyList<Certificate> certificates)
    {
        Certificate[] all = [.. certificates];
        var replies = await AllAsync((grain, epoch) => grain.CertifyAll(header with { Epoch = epoch }, all), r => r.Status).ConfigureAwait(false);
        return replies.Min(r => r.Version);
    }

    public async ValueTask<string?> FreezeAsync(MessageHeader header, FreezeBlocks cut)
    {
        Certificate[] all = [.. cut.Certificates];
        var replies = await AllAsync((grain, epoch) => grain.Freeze(header with { Epoch = epoch }, cut.Cut, all), r => r.Status).ConfigureAwait(false);
        foreach (var reply in replies)
            if (reply.Status != BlockStatus.Ok) return $"a block answered {reply.Status} when it was to be frozen";
        return null;
    }

    public async ValueTask<string?> ChangePolicyAsync(MessageHeader header, ChangeBlocks change)
    {
        Certificate[] all = [.. change.Certificates];
        var replies = await AllAsync((grain, epoch) => grain.ChangePolicy(header with { Epoch = epoch }, change.Policy, all), r => r.Status).ConfigureAwait(false);
        foreach (var reply in replies)
            if (reply.Status != BlockStatus.Ok) return $"a block answered {reply.Status} to a change of policy";
        return null;
    }

    public async ValueTask<CutPart> WriteCutAsync(
        int block, MessageHeader header, long cut, ChunkRecord? since, CancellationToken cancellationToken)
    {
        var outcome = await OneAsync(
            block, (grain, epoch) => grain.WriteCut(header with { Epoch = epoch }, cut, since), w => w.Value?.Status, cancellationToken).ConfigureAwait(false);
        var written = outcome.Get();
        return new(written.Status, written.Chunk, written.Dedupe);
    }

    public async ValueTask DropCutAsync(MessageHeader header, long cut) =>
        await AllAsync((grain, epoch) => grain.DropCut(header with { Epoch = epoch }, cut), r => r.Status).ConfigureAwait(false);

    /// <summary>What each block is and holds; of one that does not answer nothing but its place.</summary>
    public Task<BlockInfo[]> DescribeAsync(CancellationToken cancellationToken)
    {
        var published = Volatile.Read(ref _published);
        return Task.WhenAll(published.Map.Select(async (sites, block) =>
        {
            var call = published.Grains[block].Describe(Generation, sites.Epoch);
            var described = await Calls.WaitAsync(call, cancellationToken).ConfigureAwait(false);
            // The answer may have taken long: a standby that is no more is not told of.
            var standby = Map[block].Standby == sites.Standby && Map[block].Epoch == sites.Epoch ? sites.Standby?.Silo : null;
            return new BlockInfo(
                block, sites.Primary.Silo, sites.Epoch, described?.Version ?? 0, described?.Entries ?? 0, described?.Bytes ?? 0, standby);
        }));
    }

    // Nobody waits for an answer: a silo that died takes its blocks with it.
    public ValueTask CloseAsync()
    {
        foreach (var sites in Map)
        {
            Close(sites.Primary);
            if (sites.Standby is { } standby) Close(standby);
        }
        return default;
    }

    private async Task<T[]> AllAsync<T>(Func<IBlockControl, long, Task<T>> call, Func<T, BlockStatus?> statusOf)
    {
        using var limit = new CancellationTokenSource(s_limit);
        try
        {
            return await Task.WhenAll(Enumerable.Range(0, Count).Select(block => OneAsync(block, call, statusOf, limit.Token))).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            throw new ServerUnavailableException($"Not all blocks answered within {s_limit.TotalSeconds} s.");
        }
    }

    /// <summary>Asks the primary. Where none is one at the moment, since it is just being exchanged, it is asked for again.</summary>
    private async Task<T> OneAsync<T>(
        int block, Func<IBlockControl, long, Task<T>> call, Func<T, BlockStatus?> statusOf, CancellationToken cancellationToken)
    {
        for (var start = Environment.TickCount64; ;)
        {
            var published = Volatile.Read(ref _published);
            var reply = await Calls.WaitAsync(call(published.Grains[block], published.Map[block].Epoch), cancellationToken).ConfigureAwait(false);
            var isBetween = statusOf(reply) == BlockStatus.OtherEpoch && Environment.TickCount64 - start < s_betweenPrimaries.TotalMilliseconds;
            if (!isBetween) return reply;
            await Task.Delay(s_pause, cancellationToken).ConfigureAwait(false);
        }
    }

    private IBlockControl GrainOf(ReplicaSite site) => _grains.GetGrain<IBlockControl>(site.Key);

    private sealed record Published(IReadOnlyList<BlockSites> Map, long Version, IBlockControl[] Grains);
}
