using OrleansPs.Core.Replication;
using OrleansPs.Protocol;

namespace OrleansPs.Grains;

/// <summary>
/// A primary's way to one standby: gives it its state if it has none, then entries, one message at a time, each sent again until it
/// is answered. A standby that stays silent is reported to the coordinator, which alone may let it go.
/// </summary>
/// <remarks>Runs in its grain's turns.</remarks>
internal sealed class StandbyLink(
    ReplicatedBlock block, StandbyFeed feed, IBlockControl standby, ICoordinatorControl coordinator, Action settle, TimeProvider time)
{
    private const int PieceBytes = 4 << 20;
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan s_report = TimeSpan.FromMilliseconds(250);

    private readonly List<LoggedEntry> _batch = [];
    private TaskCompletionSource? _idle;
    private long _heard = time.GetTimestamp();

    public StandbyFeed Feed => feed;

    private bool IsOver => !block.Standbys.Contains(feed);

    /// <summary>There may be something to send.</summary>
    public void Wake()
    {
        var idle = _idle;
        _idle = null;
        idle?.TrySetResult();
    }

    public async Task RunAsync()
    {
        while (!IsOver)
        {
            if (feed.IsLost) await ReportAsync();
            else if (feed.State is { } state) await GiveStateAsync(state);
            else if (Read()) await SendAsync();
            else
            {
                await (_idle ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
                Heard();
            }
        }
    }

    private bool Read()
    {
        _batch.Clear();
        return block.TryRead(feed.Site.Nonce, ReplicationLimits.BatchBytes, _batch) || feed.IsLost;
    }

    private async Task GiveStateAsync(ReadOnlyMemory<byte> state)
    {
        var (generation, epoch) = (block.Replica.Generation, block.Replica.Epoch);
        var isTaken = true;
        for (var offset = 0; offset < state.Length && isTaken && !IsOver; offset += PieceBytes)
        {
            var piece = state.Slice(offset, Math.Min(PieceBytes, state.Length - offset)).ToArray();
            isTaken = await TryGiveAsync(new(generation, epoch, offset, state.Length, piece));
        }
        block.StateTaken(feed.Site.Nonce, isTaken);
        Heard();
        settle();
    }

    private async Task<bool> TryGiveAsync(StatePiece piece)
    {
        for (var start = time.GetTimestamp(); !IsOver && time.GetElapsedTime(start) < ReplicationLimits.StandbyPatience * 3;)
        {
            try
            {
                using var limit = new CancellationTokenSource(ReplicationLimits.StandbyPatience * 2);
                return await Calls.WaitAsync(standby.Receive(feed.Site.Nonce, piece), limit.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or ServerUnavailableException)
            {
                await Task.Delay(s_pause, time);
            }
        }
        return false;
    }

    private async Task SendAsync()
    {
        if (feed.IsLost) return;
        try
        {
            var (items, gradients) = EntryBatch.Pack(_batch);
            using var limit = new CancellationTokenSource(s_limit);
            var reply = await Calls.WaitAsync(
                standby.Accept(feed.Site.Nonce, block.Replica.Generation, block.Replica.Epoch, items, gradients), null, limit.Token);
            gradients?.Dispose();
            var before = feed.Acknowledged;
            block.Acknowledged(feed.Site.Nonce, new(reply.Status, reply.LastEntry));
            if (feed.Acknowledged > before) Heard();
            settle();
            if (feed.Acknowledged > before || IsOver) return;
        }
        catch (Exception e) when (e is OperationCanceledException or ServerUnavailableException)
        {
            // It may have come all the same, and is sent again.
        }
        if (time.GetElapsedTime(_heard) > ReplicationLimits.StandbyPatience) await ReportAsync();
        else await Task.Delay(s_pause, time);
    }

    private async Task ReportAsync()
    {
        coordinator.StandbyLost(block.Replica.Generation, block.Replica.Block, feed.Site.Nonce).Ignore();
        await Task.Delay(s_report, time);
    }

    private void Heard() => _heard = time.GetTimestamp();
}
