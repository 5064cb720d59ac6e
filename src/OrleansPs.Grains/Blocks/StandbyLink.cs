using OrleansPs.Core.Replication;
using OrleansPs.Protocol;

namespace OrleansPs.Grains;

/// <summary>
/// A primary's way to one standby: gives it its state if it has none, then entries, one message at a time, each sent again until it
/// is answered. A standby that stays silent is reported to the coordinator, which alone may let it go.
/// </summary>
/// <remarks>
/// Runs in its grain's turns, and takes their lock for the block, which workers in this process change too. An answer is awaited without any detour, since every acknowledgement of the block waits for it; whether it
/// stays out is looked at now and then.
/// </remarks>
internal sealed class StandbyLink(
    ReplicatedBlock block, StandbyFeed feed, IBlockControl standby, ICoordinatorControl coordinator, Action settle, Lock turn, TimeProvider time)
{
    private const int PieceBytes = 4 << 20;
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(10);

    private readonly List<LoggedEntry> _batch = [];
    private readonly List<LentEntries> _lent = [];
    private long _heard;
    private long _sent;
    private long _looked = time.GetTimestamp();
    private int _run;
    private bool _isRunning;

    /// <summary>How often <see cref="Look"/> is to be called.</summary>
    public static TimeSpan Period { get; } = TimeSpan.FromMilliseconds(250);

    public StandbyFeed Feed => feed;

    private bool IsOver => !block.Standbys.Contains(feed);

    /// <summary>There may be something to send. What there is leaves in this very turn.</summary>
    public void Wake()
    {
        if (_isRunning || IsOver) return;
        Heard();
        Start();
    }

    /// <summary>Time has passed: a message that stays without an answer is sent again, and a standby that stays silent is reported.</summary>
    public void Look()
    {
        if (IsOver || (!_isRunning && !feed.IsLost)) return;
        // Who did not run himself has not heard anybody.
        if (time.GetElapsedTime(_looked) > s_limit) Heard();
        _looked = time.GetTimestamp();
        if (_isRunning && feed.State is null && time.GetElapsedTime(_sent) > s_limit) Start();
        if (feed.IsLost || (feed.State is null && time.GetElapsedTime(_heard) > ReplicationLimits.StandbyPatience))
            coordinator.StandbyLost(
                block.Replica.Generation, block.Replica.Block, feed.Site.Nonce, block.Newest.Term, block.Newest.Order).Ignore();
    }

    /// <summary>The coordinator asks: the standby is tried once more before anything is said of it.</summary>
    public void Asked()
    {
        Heard();
        if (_isRunning && feed.State is null) Start();
    }

    // A run before this one may still wait for its answer, and ends when it has it.
    private void Start()
    {
        _isRunning = true;
        RunAsync(++_run).Ignore();
    }

    private async Task RunAsync(int run)
    {
        while (run == _run && !IsOver && !feed.IsLost)
        {
            if (feed.State is { } state) await GiveStateAsync(state);
            else if (Read()) await SendAsync();
            else break;
        }
        if (run == _run) _isRunning = false;
    }

    private bool Read()
    {
        _batch.Clear();
        lock (turn) return block.TryRead(feed.Site.Nonce, ReplicationLimits.BatchBytes, _batch);
    }

    private async Task SendAsync()
    {
        _sent = time.GetTimestamp();
        var (before, isAnswered) = (feed.Acknowledged, false);
        try
        {
            LetGo();
            var (items, gradients) = EntryBatch.Pack(_batch);
            if (gradients is not null) _lent.Add(gradients);
            var reply = await standby.Accept(feed.Site.Nonce, block.Replica.Generation, block.Replica.Epoch, items, gradients?.Payload);
            gradients?.Payload.Dispose();
            LetGo();
            lock (turn) block.Acknowledged(feed.Site.Nonce, new(reply.Status, reply.LastEntry, reply.Epoch));
            isAnswered = true;
        }
        catch (Exception e) when (Calls.IsPassing(e))
        {
            // It may have come all the same, and is sent again.
        }
        if (feed.Acknowledged > before) Heard();
        if (isAnswered) settle();
        if (feed.Acknowledged == before && !IsOver) await Task.Delay(s_pause, time);
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
        lock (turn) block.StateTaken(feed.Site.Nonce, isTaken);
        Heard();
        _sent = time.GetTimestamp();
        settle();
    }

    private async Task<bool> TryGiveAsync(StatePiece piece)
    {
        for (var start = time.GetTimestamp(); !IsOver && time.GetElapsedTime(start) < ReplicationLimits.StandbyPatience * 3;)
        {
            var call = standby.Receive(feed.Site.Nonce, piece);
            if (await Calls.TryAsync(call, ReplicationLimits.StandbyPatience * 2) is (true, var isTaken)) return isTaken;
            await Task.Delay(s_pause, time);
        }
        return false;
    }

    private void LetGo() => _lent.RemoveAll(lent => lent.TryRelease());

    private void Heard() => _heard = time.GetTimestamp();
}
