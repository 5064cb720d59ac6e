using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using OrleansPs.Core.Messages;

namespace OrleansPs.Client;

/// <summary>
/// One call's requests to its blocks, at most <see cref="WorkerOptions.MaxInFlight"/> at a time. Lanes take block after
/// block; over a transport that completes at once a single lane does them all, and nothing is allocated. The operation
/// ends when its last lane has ended: until then the transport may touch the caller's memory.
/// </summary>
/// <remarks>Used again and again by one call at a time; see <see cref="OperationPool"/>.</remarks>
internal sealed class BlockOperation : IDisposable
{
    private readonly SessionContext _context;
    private readonly Lane?[] _lanes;
    private readonly ValueTask[] _running;
    private TransferPlan _plan = null!;
    private int[] _sequences = [];
    private EncodedPush? _encoded;
    private int _next;
    private int _done;
    private int _version;
    private volatile bool _isStopped;
    private volatile bool _isCancelled;
    private Exception? _failure;

    public BlockOperation(SessionContext context)
    {
        _context = context;
        _lanes = new Lane?[context.Options.MaxInFlight];
        _running = new ValueTask[context.Options.MaxInFlight];
    }

    public SessionView View { get; private set; }

    // Only where there is a bound to keep.
    private BlockCopies? Copies => _context.State.Policy.Consistency.Mode == ConsistencyMode.StaleSynchronous ? _context.Copies : null;

    /// <summary>Whether the operation is a prefetch: it reads anew, and its refusals concern nobody.</summary>
    public bool IsBackground { get; private set; }

    public bool IsStopped => _isStopped;

    /// <summary>Pulls a plan.</summary>
    public ValueTask PullAsync(
        TransferPlan plan, SessionView view, bool background, CancellationToken cancellationToken)
    {
        Begin(plan);
        (View, IsBackground) = (view, background);
        return RunAsync(cancellationToken);
    }

    /// <summary>Pushes a plan, and pulls where it has destinations.</summary>
    [AsyncMethodBuilder(typeof(PooledMethodBuilder))]
    public async ValueTask PushAsync(TransferPlan plan, CancellationToken cancellationToken)
    {
        Begin(plan);
        if (_sequences.Length < plan.Transfers.Length) _sequences = new int[plan.Transfers.Length];
        (View, IsBackground) = (_context.State.BeginPush(plan, _sequences), false);
        try
        {
            // Once: whatever is sent again has the same bits.
            _encoded = _context.Encoder.Encode(plan, View.Step);
            await RunAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _context.Encoder.Return(plan, _encoded);
            _encoded = null;
            _context.State.EndPush(View, _done == plan.Transfers.Length);
        }
    }

    /// <summary>Gives the next block to a lane.</summary>
    public bool TryTake(out int index)
    {
        index = _isStopped ? int.MaxValue : Interlocked.Increment(ref _next) - 1;
        return index < _plan.Transfers.Length;
    }

    public BlockTransfer TransferOf(int index) => _plan.Transfers[index];

    public int SequenceOf(int index) => _sequences[index];

    public ValueTask<BlockReply> SendAsync(int index, SessionView view, CancellationToken cancellationToken)
    {
        var transfer = _plan.Transfers[index];
        var header = view.Header(_context.State.Rank, transfer.Pushes ? _sequences[index] : 0);
        return (transfer.Pushes, transfer.Pulls) switch
        {
            (true, true) => _context.Transport.PushPullAsync(
                transfer.Block, header, view.Newest, GradientOf(index), transfer.Values, cancellationToken),
            (true, false) => _context.Transport.PushAsync(
                transfer.Block, header, view.Newest, GradientOf(index), cancellationToken),
            _ => _context.Transport.PullAsync(transfer.Block, header, view.Newest, transfer.Values, cancellationToken),
        };
    }

    /// <summary>Whether a copy answered the request.</summary>
    public bool TryCopy(int index)
    {
        var transfer = _plan.Transfers[index];
        if (Copies is not { } copies || transfer.Pushes || transfer.IsOfRows || IsBackground) return false;
        if (!copies.TryRead(View, _context.State.Policy.Consistency.Staleness, transfer)) return false;
        _context.Metrics.CacheHit();
        Interlocked.Increment(ref _done);
        return true;
    }

    public void Complete(int index)
    {
        var transfer = _plan.Transfers[index];
        if (transfer.Pulls && !transfer.IsOfRows) Copies?.Store(View, transfer);
        Interlocked.Increment(ref _done);
        if (transfer.Pushes) _context.State.Acknowledge(View, transfer.Block, _sequences[index]);
    }

    /// <summary>Ends the operation because of one request: the others are given up.</summary>
    public void Fail(Exception failure)
    {
        if (!_isCancelled) Interlocked.CompareExchange(ref _failure, failure, null);
        Stop();
    }

    public void Dispose()
    {
        foreach (var lane in _lanes) lane?.Dispose();
    }

    private SegmentSlice[] GradientOf(int index) => _encoded?.GradientOf(index) ?? _plan.Transfers[index].Gradient;

    private void Begin(TransferPlan plan)
    {
        _version++;
        _plan = plan;
        (_next, _done, _failure) = (0, 0, null);
        (_isStopped, _isCancelled) = (false, false);
        foreach (var lane in _lanes) lane?.Reset();
    }

    [AsyncMethodBuilder(typeof(PooledMethodBuilder))]
    private async ValueTask RunAsync(CancellationToken cancellationToken)
    {
        var registration = cancellationToken.UnsafeRegister(static o => ((BlockOperation)o!).Cancel(), this);
        try
        {
            var lanes = StartTogether();
            for (var i = 0; i < lanes; i++) await _running[i].ConfigureAwait(false);
            if (_context.Transport.IsInBurst) await Task.Yield();
        }
        finally
        {
            await registration.DisposeAsync().ConfigureAwait(false);
        }
        Conclude(cancellationToken);
    }

    private int StartTogether()
    {
        if (_plan.Transfers.Length == 1) return StartLanes();
        _context.Transport.BeginBurst();
        try
        {
            return StartLanes();
        }
        finally
        {
            _context.Transport.EndBurst();
        }
    }

    private int StartLanes()
    {
        var running = 0;
        while (running < _lanes.Length && !_isStopped && Volatile.Read(ref _next) < _plan.Transfers.Length)
        {
            var lane = (_lanes[running] ??= new(_context, this)).RunAsync();
            if (lane.IsCompleted) lane.GetAwaiter().GetResult();
            else _running[running++] = lane;
        }
        return running;
    }

    private void Conclude(CancellationToken cancellationToken)
    {
        if (_done == _plan.Transfers.Length) return;
        if (_isCancelled) throw new OperationCanceledException(cancellationToken);
        ExceptionDispatchInfo.Throw(_failure!);
    }

    private void Cancel()
    {
        if (_failure is null) _isCancelled = true;
        Stop();
    }

    // Cancelling a lane may end the operation and begin its next use before it returns: the version tells.
    private void Stop()
    {
        var version = _version;
        _isStopped = true;
        for (var i = 0; i < _lanes.Length && _version == version; i++) _lanes[i]?.Cancel();
    }
}
