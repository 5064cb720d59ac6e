using OrleansPs.Core.Messages;
using OrleansPs.Hosting;
using OrleansPs.Protocol;

namespace OrleansPs.Grains;

/// <summary>
/// Moves a block to another silo without losing anything: the old activation stops and gives all it knows to the new one, which
/// serves once the map says so. Until it is known that the new one does not, the old one does not serve again.
/// </summary>
internal sealed class BlockMover(GrainBlockFactory factory)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    /// <summary>Moves a block.</summary>
    /// <returns>False if it stayed where it was.</returns>
    public async Task<bool> MoveAsync(ModelRuntime runtime, GrainBlocks blocks, int block, SiloAddress to)
    {
        using var limit = new CancellationTokenSource(s_limit);
        var from = blocks.Sites[block];
        var (site, nonce) = await factory.PrepareMoveAsync(block, to, from.Epoch + 1, limit.Token).ConfigureAwait(false);
        var header = runtime.Header() with { Epoch = from.Epoch };
        if (!await TryHandOverAsync(header, from, site, nonce, limit.Token).ConfigureAwait(false))
        {
            await GiveUpAsync(header, from, site).ConfigureAwait(false);
            return false;
        }
        await Calls.WaitAsync(site.Grain.Begin(nonce, blocks.Generation, site.Epoch, 0), limit.Token).ConfigureAwait(false);
        blocks.Move(block, site);
        _ = CloseAsync(from);
        return true;
    }

    private static async Task<bool> TryHandOverAsync(
        MessageHeader header, BlockSite from, BlockSite to, Guid nonce, CancellationToken cancellationToken)
    {
        try
        {
            var outcome = await Calls.WaitAsync(from.Grain.HandOver(header, to.Key, nonce), cancellationToken).ConfigureAwait(false);
            return outcome.Get();
        }
        catch (Exception e) when (e is ServerUnavailableException or OperationCanceledException)
        {
            return false;
        }
    }

    // The new activation never began, so the old one may go on. If it does not answer, its silo is gone, which is seen elsewhere.
    private static async Task GiveUpAsync(MessageHeader header, BlockSite from, BlockSite to)
    {
        await CloseAsync(to).ConfigureAwait(false);
        using var limit = new CancellationTokenSource(s_limit);
        await Calls.WaitAsync(from.Grain.Resume(header), limit.Token).ConfigureAwait(false);
    }

    private static async Task CloseAsync(BlockSite site) =>
        await site.Grain.Close().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
