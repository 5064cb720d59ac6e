using OrleansPs.Core.Blocks;
using OrleansPs.Core.Consistency;
using OrleansPs.Core.Messages;
using OrleansPs.Hosting;
using OrleansPs.Protocol;

namespace OrleansPs.Grains;

/// <summary>The blocks of one generation, as grains on silos.</summary>
/// <remarks>Thread safe: the sites are replaced whole when a block moves.</remarks>
internal sealed class GrainBlocks : IBlockSet
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(10);

    private readonly Lock _moving = new();
    private BlockSite[] _sites;
    private long _version;

    public GrainBlocks(long generation, BlockSite[] sites, long version = 1)
    {
        Generation = generation;
        _sites = sites;
        _version = version;
    }

    public long Generation { get; }

    public int Count => _sites.Length;

    public int WritesAtOnce => 8;

    public IReadOnlyList<BlockSite> Sites => Volatile.Read(ref _sites);

    /// <summary>It rises with every move.</summary>
    public long MapVersion
    {
        get { lock (_moving) return _version; }
    }

    public BlockMap ToMap(long term)
    {
        lock (_moving) return new(Generation, term, _version, [.. _sites.Select(s => new BlockPlace(s.Key, s.Epoch))]);
    }

    /// <summary>A block is at another site from now on.</summary>
    public void Move(int block, BlockSite site)
    {
        lock (_moving)
        {
            BlockSite[] sites = [.. _sites];
            sites[block] = site;
            _version++;
            Volatile.Write(ref _sites, sites);
        }
    }

    public async ValueTask<long> CertifyAsync(MessageHeader header, IReadOnlyList<Certificate> certificates)
    {
        Certificate[] all = [.. certificates];
        var replies = await AllAsync(site => site.Grain.CertifyAll(header with { Epoch = site.Epoch }, all)).ConfigureAwait(false);
        return replies.Min(r => r.Version);
    }

    public async ValueTask<string?> FreezeAsync(MessageHeader header, FreezeBlocks cut)
    {
        Certificate[] all = [.. cut.Certificates];
        var replies = await AllAsync(site => site.Grain.Freeze(header with { Epoch = site.Epoch }, cut.Cut, all)).ConfigureAwait(false);
        foreach (var reply in replies)
            if (reply.Status != BlockStatus.Ok) return $"a block answered {reply.Status} when it was to be frozen";
        return null;
    }

    public async ValueTask<CutPart> WriteCutAsync(int block, MessageHeader header, long cut, CancellationToken cancellationToken)
    {
        var site = Sites[block];
        var outcome = await Calls.WaitAsync(site.Grain.WriteCut(header with { Epoch = site.Epoch }, cut), cancellationToken).ConfigureAwait(false);
        var written = outcome.Get();
        return new(written.Status, written.Chunk, written.Dedupe);
    }

    public async ValueTask DropCutAsync(MessageHeader header, long cut) =>
        await AllAsync(site => site.Grain.DropCut(header with { Epoch = site.Epoch }, cut)).ConfigureAwait(false);

    // Nobody waits for an answer: a silo that died takes its blocks with it.
    public ValueTask CloseAsync()
    {
        foreach (var site in Sites) _ = CloseAsync(site);
        return default;
    }

    private static async Task CloseAsync(BlockSite site) =>
        await site.Grain.Close().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private async Task<T[]> AllAsync<T>(Func<BlockSite, Task<T>> call)
    {
        using var limit = new CancellationTokenSource(s_limit);
        try
        {
            return await Task.WhenAll(Sites.Select(site => Calls.WaitAsync(call(site), limit.Token).AsTask())).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            throw new ServerUnavailableException($"Not all blocks answered within {s_limit.TotalSeconds} s.");
        }
    }
}
