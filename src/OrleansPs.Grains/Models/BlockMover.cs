using OrleansPs.Core.Messages;
using OrleansPs.Hosting;
using OrleansPs.Protocol;

namespace OrleansPs.Grains;

/// <summary>
/// Moves a block to another silo without losing anything: the old activation stops and gives all it knows to the new one. Only the
/// one that the map names is ever spoken to, so where a move fails, at whatever point, the old one serves again.
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
        if (!await TryMoveAsync(header, from, site, nonce, blocks.Generation, limit.Token).ConfigureAwait(false))
        {
            await GiveUpAsync(header, from, site).ConfigureAwait(false);
            return false;
        }
        blocks.Move(block, site);
        _ = CloseAsync(from);
        return true;
    }

    private static async Task<bool> TryMoveAsync(
        MessageHeader header, BlockSite from, BlockSite to, Guid nonce, long generation, CancellationToken cancellationToken)
    {
        try
        {
            var outcome = await Calls.WaitAsync(from.Grain.HandOver(header, to.Key, nonce), cancellationToken).ConfigureAwait(false);
            return outcome.Get()
                && await Calls.WaitAsync(to.Grain.Begin(nonce, generation, to.Epoch, 0), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ParameterServerException or OperationCanceledException)
        {
            return false;
        }
    }

    // If the old one does not answer, its silo is gone, which is seen elsewhere.
    private static async Task GiveUpAsync(MessageHeader header, BlockSite from, BlockSite to)
    {
        await CloseAsync(to).ConfigureAwait(false);
        using var limit = new CancellationTokenSource(s_limit);
        await Calls.WaitAsync(from.Grain.Resume(header), limit.Token).ConfigureAwait(false);
    }

    private static async Task CloseAsync(BlockSite site) =>
        await site.Grain.Close().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
