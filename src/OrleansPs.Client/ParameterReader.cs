using OrleansPs.Core.Snapshots;

namespace OrleansPs.Client;

/// <summary>
/// A reader over a transport. It has no rank, so nobody waits for it, and it holds no block at a version: under BSP it
/// reads the newest closed rounds and begins again when another round closes meanwhile.
/// </summary>
/// <remarks>
/// Thread safe, as long as calls at the same time have sets of their own. All values of a call are of one generation of
/// the model. After a call that failed the destinations may be partly written.
/// </remarks>
public sealed partial class ParameterReader : IParameterReader
{
    private static readonly ServerUnavailableException s_changed = new(
        "the model changed during each; read a snapshot instead (ReadSnapshotAsync), or fewer parameters at a time.");

    private readonly WorkerOptions _options;
    private readonly SessionEnvironment _environment;
    private readonly Planner _planner;
    private readonly PlanCache _plans;
    private readonly ReaderCalls _calls;
    private readonly ISnapshotReader _snapshots;
    private volatile bool _isDisposed;

    /// <summary>Opens a reader.</summary>
    /// <param name="transport">The way to the model's blocks and coordinator.</param>
    /// <param name="spec">The spec the model was created with.</param>
    /// <param name="options">The window, timeouts and pauses of its requests; it has no cache.</param>
    /// <param name="environment">Time and randomness; a reader counts nothing.</param>
    /// <param name="snapshots">Where snapshots come from.</param>
    /// <exception cref="InvalidOptionsException">An option is out of its range.</exception>
    public ParameterReader(
        IParameterTransport transport, ModelSpec spec, WorkerOptions options, SessionEnvironment environment,
        ISnapshotReader snapshots)
    {
        ArgumentNullException.ThrowIfNull(transport);
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(environment);
        ArgumentNullException.ThrowIfNull(snapshots);
        options.Validate();
        Spec = spec;
        _options = options;
        _environment = environment;
        _planner = new(spec);
        _plans = new(_planner);
        _calls = new(transport, spec, options, environment);
        _snapshots = snapshots;
    }

    /// <inheritdoc/>
    public string Model => Spec.Name;

    /// <inheritdoc/>
    public ModelSpec Spec { get; }

    /// <inheritdoc/>
    /// <exception cref="UnknownParameterException">A name is not in the spec.</exception>
    /// <exception cref="ShapeMismatchException">A destination's length is not its parameter's.</exception>
    /// <exception cref="ServerUnavailableException">
    /// The service did not answer, or rounds closed faster than the blocks could be read, for all of
    /// <see cref="WorkerOptions.RetryFor"/>.
    /// </exception>
    public ValueTask<long> ReadLatestAsync(TensorSet values, CancellationToken cancellationToken = default) =>
        ReadLatestAsync(PlanOf(values), cancellationToken);

    /// <inheritdoc/>
    /// <exception cref="UnknownParameterException">A name is not in the spec.</exception>
    /// <exception cref="ShapeMismatchException">A destination's length is not its parameter's.</exception>
    public async Task<SnapshotInfo> ReadSnapshotAsync(
        long? cut, TensorSet values, CancellationToken cancellationToken = default)
    {
        var plan = PlanOf(values);
        var content = await _snapshots.LoadAsync(cut, cancellationToken).ConfigureAwait(false);
        try
        {
            RequireBlocks(content);
            foreach (var transfer in plan.Transfers) Copy(content.Blocks[transfer.Block], transfer);
            return content.Info;
        }
        finally
        {
            if (content.ArePooled)
                foreach (var image in content.Blocks) image.ReturnArrays();
        }
    }

    /// <summary>Closes the reader: it begins nothing more. A call under way goes on to its end.</summary>
    public ValueTask DisposeAsync()
    {
        _isDisposed = true;
        return default;
    }

    private async ValueTask<long> ReadLatestAsync(TransferPlan plan, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var backoff = new Backoff(_environment, _options);
        for (var pass = 0; ; pass++)
        {
            // One round may close during any read; where the next one does too, they come fast.
            if (pass > 1) await PauseAsync(ref backoff, cancellationToken).ConfigureAwait(false);
            if (_calls.State.View.IsRounds) await _calls.LearnRoundsAsync(cancellationToken).ConfigureAwait(false);
            var view = _calls.State.View;
            using var reading = new ReadPass(_calls, plan, view, oneVersion: view.IsRounds);
            var version = await reading.RunAsync(cancellationToken).ConfigureAwait(false);
            if (version is not null) return view.IsRounds ? version.Value : -1;
        }
    }

    private Task PauseAsync(ref Backoff backoff, CancellationToken cancellationToken)
    {
        var pause = backoff.Next($"A read of model '{Model}' at one version", s_changed);
        return Pause.ForAsync(pause, _environment.Time, cancellationToken);
    }

    private TransferPlan PlanOf(TensorSet values)
    {
        ArgumentNullException.ThrowIfNull(values);
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        return _plans.Of(null, values);
    }

    private void Copy(BlockImage image, BlockTransfer transfer)
    {
        var segments = _planner.Layout.Blocks[transfer.Block].Segments;
        foreach (var slice in transfer.Values)
            image.Values.AsSpan(segments[slice.Segment].Offset, slice.Values.Length).CopyTo(slice.Values.Span);
    }

    private void RequireBlocks(SnapshotContent content)
    {
        var blocks = _planner.Layout.Blocks;
        var fits = content.Blocks.Count == blocks.Count
            && blocks.All(b => content.Blocks[b.Index].Length == b.Length && content.Blocks[b.Index].Rows is null == b.Table < 0);
        if (!fits) throw new SnapshotCorruptException(
            $"of cut {content.Info.Cut} of model '{Model}'", "its blocks are not those of the model's spec.");
    }
}
