using System.Runtime.CompilerServices;
using OrleansPs.Core.Messages;

namespace OrleansPs.Client;

/// <summary>
/// One worker's session over a transport: maps tensors to blocks, keeps a window of requests in flight, asks again until
/// answers are known, and keeps the rank's place.
/// </summary>
/// <remarks>
/// <para>
/// Calls may overlap. All time comes from the <see cref="SessionEnvironment"/>; the session starts no thread, so over a
/// transport that completes at once a call, and a <see cref="Prefetch"/> too, runs on its caller's thread to its end.
/// </para>
/// <para>
/// A push that is cancelled or given up has an unknown outcome and aborts the step. A pull leaves the session as it was.
/// A clock that is cancelled or given up stays to be ended: until <see cref="ClockAsync"/> with the same cursor is
/// answered, or <see cref="ResumeAsync"/>, the session refuses pushes and pulls.
/// </para>
/// </remarks>
public sealed partial class WorkerSession : IParameterWorker
{
    private static readonly TimeSpan FarewellLimit = TimeSpan.FromSeconds(2);

    private readonly SessionContext _context;
    private readonly SessionState _state;
    private readonly SessionMetrics _metrics;
    private readonly CoordinatorCalls _coordinator;
    private readonly ResidualFile _residuals;
    private readonly GradientGate _gate;
    private readonly PlanCache _plans;
    private readonly OperationPool _operations;
    private readonly RowCalls _rows;
    private readonly Prefetcher _prefetcher;
    private readonly Heartbeat _heartbeat;
    private int _isDisposed;

    private WorkerSession(
        IParameterTransport transport, ModelSpec spec, int rank, WorkerOptions options, SessionEnvironment environment)
    {
        Spec = spec;
        Rank = rank;
        var planner = new Planner(spec);
        _metrics = new(environment, spec.Name);
        var encoder = new GradientEncoder(spec, rank, transport.CarriesCodes);
        _residuals = new(encoder, spec.Name, rank);
        _state = new(spec, rank, planner.Layout.Blocks.Count, _metrics, encoder);
        _context = new(transport, _state, options, environment, _metrics, BlockCopies.For(planner.Layout, options), encoder);
        _coordinator = new(_context);
        _gate = new(spec);
        _plans = new(planner);
        _operations = new(_context);
        _rows = new(spec, planner.Layout);
        _prefetcher = new(_context, _operations);
        _heartbeat = new(_context, _coordinator, spec.Lease);
    }

    /// <inheritdoc/>
    public string Model => Spec.Name;

    /// <inheritdoc/>
    public ModelSpec Spec { get; }

    /// <inheritdoc/>
    public int Rank { get; }

    /// <inheritdoc/>
    public WorkerPosition Position => _state.Position;

    /// <inheritdoc/>
    public TrainingPolicy Policy => _state.Policy;

    /// <summary>Takes up a rank.</summary>
    /// <param name="transport">The way to the model's blocks and coordinator.</param>
    /// <param name="spec">The spec the model was created with.</param>
    /// <param name="rank">The rank, 0 to <see cref="ModelSpec.RankLimit"/> - 1.</param>
    /// <param name="options">How the session behaves.</param>
    /// <param name="environment">Time, randomness and instruments.</param>
    /// <param name="cancellationToken">Ends the wait; the rank may be taken up all the same.</param>
    /// <exception cref="InvalidOptionsException">The rank or an option is out of its range.</exception>
    /// <exception cref="ServerUnavailableException">The coordinator did not answer.</exception>
    public static async Task<WorkerSession> JoinAsync(
        IParameterTransport transport, ModelSpec spec, int rank, WorkerOptions options, SessionEnvironment environment,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(transport);
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(environment);
        options.Validate();
        if (rank < 0 || rank >= spec.RankLimit)
            throw new InvalidOptionsException(nameof(rank), rank, $"it must be 0 to {spec.RankLimit - 1}.");
        var session = new WorkerSession(transport, spec, rank, options, environment);
        try
        {
            await session._coordinator.JoinAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            session.Release();
            throw;
        }
        return session;
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PooledMethodBuilder))]
    public async ValueTask PullAsync(TensorSet values, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(values);
        cancellationToken.ThrowIfCancellationRequested();
        var start = _metrics.Now();
        var plan = _plans.Of(null, values);
        var view = _state.BeginPull();
        if (!await _prefetcher.TryTakeAsync(values, plan, view, cancellationToken).ConfigureAwait(false))
            await PullAsync(plan, view, cancellationToken).ConfigureAwait(false);
        _metrics.Pulled(plan.BytesPulled, start);
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PooledMethodBuilder))]
    public async ValueTask PushAsync(TensorSet gradients, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(gradients);
        cancellationToken.ThrowIfCancellationRequested();
        var start = _metrics.Now();
        var plan = _plans.Of(gradients, null);
        if (!Admit(gradients, plan)) return;
        await PushAsync(plan, cancellationToken).ConfigureAwait(false);
        _metrics.Pushed(plan.BytesPushed, start);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Under BSP the values are the open round's version, without this push: rounds are atomic. Where the policy skips
    /// the push, this pulls. The sets need not name the same parameters.
    /// </remarks>
    [AsyncMethodBuilder(typeof(PooledMethodBuilder))]
    public async ValueTask PushPullAsync(
        TensorSet gradients, TensorSet values, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(gradients);
        ArgumentNullException.ThrowIfNull(values);
        cancellationToken.ThrowIfCancellationRequested();
        var start = _metrics.Now();
        var plan = _plans.Of(gradients, values);
        if (Admit(gradients, plan))
        {
            await PushAsync(plan, cancellationToken).ConfigureAwait(false);
            _metrics.Pushed(plan.BytesPushed, start);
        }
        else
        {
            await PullAsync(_plans.Of(null, values), _state.BeginPull(), cancellationToken).ConfigureAwait(false);
        }
        _metrics.Pulled(plan.BytesPulled, start);
    }

    /// <inheritdoc/>
    /// <remarks>
    /// One copy for each set, for four sets at most. It is of the moment when the prefetch began: under SSP and ASP it may
    /// lack pushes of this worker that were acknowledged since. A prefetch that fails, or that the policy no longer allows
    /// when it is asked for, is none.
    /// </remarks>
    public void Prefetch(TensorSet values)
    {
        ArgumentNullException.ThrowIfNull(values);
        _prefetcher.Start(values, _plans.Of(null, values));
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(PooledMethodBuilder<>))]
    public async ValueTask<ClockResult> ClockAsync(long cursor, CancellationToken cancellationToken = default)
    {
        var start = _metrics.Now();
        var result = await _coordinator.ClockAsync(cursor, cancellationToken).ConfigureAwait(false);
        _metrics.Clocked(result, start);
        return result;
    }

    /// <inheritdoc/>
    public async Task OutOfDataAsync(CancellationToken cancellationToken = default)
    {
        if (_state.Phase == SessionPhase.OutOfData) return;
        _state.RequirePresence();
        await _coordinator.SayAsync(PresenceKind.OutOfData, cancellationToken).ConfigureAwait(false);
        _state.Enter(SessionPhase.OutOfData);
    }

    /// <inheritdoc/>
    public Task<WorkerPosition> ResumeAsync(CancellationToken cancellationToken = default) =>
        _coordinator.JoinAsync(cancellationToken);

    /// <inheritdoc/>
    public Task SaveResidualsAsync(Stream destination, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        var (step, version) = _state.Residuals;
        return _residuals.SaveAsync(destination, version, step, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task LoadResidualsAsync(Stream source, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        var (step, _) = _state.Residuals;
        _state.Replace(step, await _residuals.LoadAsync(source, step, cancellationToken).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public async Task LeaveAsync(CancellationToken cancellationToken = default)
    {
        if (_state.Phase == SessionPhase.Left) return;
        _state.RequireNoPush();
        await _coordinator.SayAsync(PresenceKind.Leave, cancellationToken).ConfigureAwait(false);
        _state.Enter(SessionPhase.Left);
        _heartbeat.Dispose();
    }

    /// <summary>
    /// Ends the session. It leaves its rank, as <see cref="LeaveAsync"/> does, even with a step half done, but tries it once,
    /// for two seconds at most, and never fails; if that is lost, the lease runs out instead.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        _heartbeat.Dispose();
        if (_state.Phase is not (SessionPhase.Left or SessionPhase.Fenced))
            await SayFarewellAsync().ConfigureAwait(false);
        Release();
    }

    // The gradients are clipped in place, so a session that can't push must say so before.
    private bool Admit(TensorSet gradients, TransferPlan plan)
    {
        _state.RequireStep(plan);
        if (_gate.Admit(gradients)) return true;
        _metrics.Skipped();
        return false;
    }

    [AsyncMethodBuilder(typeof(PooledMethodBuilder))]
    private async ValueTask PullAsync(TransferPlan plan, SessionView view, CancellationToken cancellationToken)
    {
        var operation = _operations.Rent();
        try
        {
            await operation.PullAsync(plan, view, background: false, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _operations.Return(operation);
        }
    }

    [AsyncMethodBuilder(typeof(PooledMethodBuilder))]
    private async ValueTask PushAsync(TransferPlan plan, CancellationToken cancellationToken)
    {
        var operation = _operations.Rent();
        try
        {
            await operation.PushAsync(plan, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _operations.Return(operation);
        }
    }

    private async Task SayFarewellAsync()
    {
        var limit = _context.Options.RequestTimeout < FarewellLimit ? _context.Options.RequestTimeout : FarewellLimit;
        try
        {
            await _coordinator.TrySayAsync(PresenceKind.Leave, limit, CancellationToken.None).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Leaving is a courtesy here: the lease ends the rank's part without it.
        catch (Exception)
#pragma warning restore CA1031
        {
        }
    }

    private void Release()
    {
        _state.Enter(SessionPhase.Left);
        _heartbeat.Dispose();
        _prefetcher.Dispose();
        _operations.Dispose();
        _rows.Release();
    }
}
