namespace OrleansPs;

/// <summary>
/// One training process's session in one model. It pulls values, pushes gradients and reports each finished step.
/// </summary>
/// <remarks>
/// <para>
/// A session is used by one training loop: its calls may overlap (<see cref="Prefetch"/> does), but
/// <see cref="ClockAsync"/> is refused while a push is unresolved. Memory in a <see cref="TensorSet"/> belongs to the
/// session from a call's start to its end.
/// </para>
/// <para>
/// Retries, duplicates and reordering stay inside the session; a push is applied once. What the loop has to handle is
/// one exception, <see cref="StepRestartException"/>: call <see cref="ResumeAsync"/> and do the step again, with the same
/// data. <see cref="ParameterWorkerExtensions.RunStepAsync"/> is that, ready made.
/// </para>
/// <para>
/// Misuse is told as usual, by <see cref="ArgumentNullException"/>, and cancellation by
/// <see cref="OperationCanceledException"/>; every other failure is a <see cref="ParameterServerException"/>.
/// </para>
/// </remarks>
public interface IParameterWorker : IAsyncDisposable
{
    /// <summary>The model's name.</summary>
    string Model { get; }

    /// <summary>The spec that the model was created with.</summary>
    ModelSpec Spec { get; }

    /// <summary>The session's rank, 0 to <see cref="ModelSpec.RankLimit"/> - 1.</summary>
    int Rank { get; }

    /// <summary>Where the rank is: the step it is in, its clock, and the data cursor of its last finished step.</summary>
    WorkerPosition Position { get; }

    /// <summary>The policy that the session works by; it may be another one after each <see cref="ClockAsync"/> and <see cref="ResumeAsync"/>.</summary>
    TrainingPolicy Policy { get; }

    /// <summary>Reads parameters into the caller's memory.</summary>
    /// <param name="values">Names and destinations, each of its parameter's length.</param>
    /// <param name="cancellationToken">Ends the wait; the destinations may be partly written.</param>
    /// <remarks>
    /// Under BSP all values are of one version: that of the open round. Under SSP(s) a pull at clock c sees every update
    /// of every worker from clocks &lt;= c - s - 1, and the worker's own acknowledged pushes unless it came from the cache.
    /// </remarks>
    /// <exception cref="UnknownParameterException">A name is not in the spec.</exception>
    /// <exception cref="ShapeMismatchException">A destination's length is not its parameter's.</exception>
    /// <exception cref="StepRestartException">The step must be done again.</exception>
    ValueTask PullAsync(TensorSet values, CancellationToken cancellationToken = default);

    /// <summary>Sends gradients. Completes when every one of them is acknowledged.</summary>
    /// <param name="gradients">Names and gradients, each of its parameter's length; not changed, unless clipping is on.</param>
    /// <param name="cancellationToken">Cancelling an unresolved push aborts the step: <see cref="ResumeAsync"/>.</param>
    /// <remarks>
    /// Everything that can be decided from the numbers (names, lengths, NaN) is checked before anything is sent, so a
    /// refusal changes nothing anywhere.
    /// </remarks>
    /// <exception cref="NonFiniteGradientException">A gradient has a NaN or an infinity (policy Reject).</exception>
    /// <exception cref="UnknownParameterException">A name is not in the spec.</exception>
    /// <exception cref="ShapeMismatchException">A gradient's length is not its parameter's.</exception>
    /// <exception cref="StepRestartException">The step must be done again.</exception>
    ValueTask PushAsync(TensorSet gradients, CancellationToken cancellationToken = default);

    /// <summary>Pushes and then pulls, in one round trip per block.</summary>
    /// <remarks>Under BSP the values are the open round's version, without this push: rounds are atomic.</remarks>
    /// <inheritdoc cref="PushAsync"/>
    /// <param name="gradients">As in <see cref="PushAsync"/>.</param>
    /// <param name="values">As in <see cref="PullAsync"/>; they need not name the parameters that <paramref name="gradients"/> names.</param>
    /// <param name="cancellationToken">As in <see cref="PushAsync"/>.</param>
    ValueTask PushPullAsync(TensorSet gradients, TensorSet values, CancellationToken cancellationToken = default);

    /// <summary>Reads rows of embedding tables into the caller's memory. A row that was never pushed has its first values.</summary>
    /// <param name="rows">Keys and destinations.</param>
    /// <param name="cancellationToken">Ends the wait; the destinations may be partly written.</param>
    /// <remarks>Which updates it sees is as of <see cref="PullAsync"/>. It is never answered from a cache.</remarks>
    /// <exception cref="UnknownTableException">A name is not that of a table.</exception>
    /// <exception cref="RowShapeException">A destination is not keys x width floats.</exception>
    /// <exception cref="TooManyRowsException">These are more different rows of a table than a step may push; read them in several calls.</exception>
    /// <exception cref="StepRestartException">The step must be done again.</exception>
    ValueTask PullRowsAsync(RowSet rows, CancellationToken cancellationToken = default);

    /// <summary>Sends gradients of rows. Completes when every one of them is acknowledged.</summary>
    /// <param name="gradients">Keys and gradients; those of a key that comes several times are added up. Not changed.</param>
    /// <param name="cancellationToken">Cancelling an unresolved push aborts the step: <see cref="ResumeAsync"/>.</param>
    /// <remarks>
    /// Checked whole before anything is sent. The model's clipping is done over this call's rows, after the gradients of equal keys
    /// were added up. Under BSP a row's gradient is reduced over the round's workers, those that did not push it counted as zeros.
    /// </remarks>
    /// <exception cref="NonFiniteGradientException">A gradient has a NaN or an infinity (policy Reject).</exception>
    /// <exception cref="UnknownTableException">A name is not that of a table.</exception>
    /// <exception cref="RowShapeException">A gradient is not keys x width floats.</exception>
    /// <exception cref="TooManyRowsException">The step would push more rows than the table allows.</exception>
    /// <exception cref="StepRestartException">The step must be done again.</exception>
    ValueTask PushRowsAsync(RowSet gradients, CancellationToken cancellationToken = default);

    /// <summary>Pushes and then pulls rows, in one round trip per shard: the gradients of one batch, and the rows of the next.</summary>
    /// <remarks>Under BSP the values are the open round's version, without this push: rounds are atomic.</remarks>
    /// <inheritdoc cref="PushRowsAsync"/>
    /// <param name="gradients">As in <see cref="PushRowsAsync"/>.</param>
    /// <param name="rows">As in <see cref="PullRowsAsync"/>; the keys need not be those of <paramref name="gradients"/>.</param>
    /// <param name="cancellationToken">As in <see cref="PushRowsAsync"/>; the destinations may be partly written.</param>
    ValueTask PushPullRowsAsync(RowSet gradients, RowSet rows, CancellationToken cancellationToken = default);

    /// <summary>
    /// Starts to read parameters in the background, while the caller computes. The next <see cref="PullAsync"/> of the same
    /// set waits for it and takes it, if the consistency policy allows; otherwise it reads anew.
    /// </summary>
    /// <param name="values">As in <see cref="PullAsync"/>. Its memory is written only when the pull takes the copy.</param>
    void Prefetch(TensorSet values);

    /// <summary>
    /// Ends the step: reports that all its pushes are done and how far the data is read, and waits at the gate of the
    /// consistency policy.
    /// </summary>
    /// <param name="cursor">Where the rank's data goes on after this step; the caller's own measure, >= 0.</param>
    /// <param name="cancellationToken">Ends the wait; call again with the same cursor to go on waiting.</param>
    /// <exception cref="WorkerStateException">A push of this step is unresolved.</exception>
    /// <exception cref="StepRestartException">The step must be done again.</exception>
    ValueTask<ClockResult> ClockAsync(long cursor, CancellationToken cancellationToken = default);

    /// <summary>
    /// Says that this rank has no more data for now: rounds and gates no longer wait for it.
    /// <see cref="ResumeAsync"/> brings it back. Call it after <see cref="ClockAsync"/>, between two steps.
    /// </summary>
    /// <remarks>
    /// Under BSP what the open step has pushed counts only once <see cref="ClockAsync"/> ended the step: steps are atomic, so ending
    /// the rank's part before drops it. Under SSP and ASP it was applied at once, and stands.
    /// </remarks>
    /// <exception cref="WorkerStateException">A push of the open step is unresolved, or the step is being ended.</exception>
    /// <exception cref="StepRestartException">The step must be done again.</exception>
    Task OutOfDataAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Takes the rank up again after a <see cref="StepRestartException"/>, an aborted step or
    /// <see cref="OutOfDataAsync"/>, under a new incarnation.
    /// </summary>
    /// <returns>Where to go on: the step to do (again), and the cursor of its data.</returns>
    /// <exception cref="FencedException">Another process plays this rank now.</exception>
    Task<WorkerPosition> ResumeAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Writes the residuals of all parameters with <see cref="GradientCompression.ErrorFeedback"/>, as they are at the beginning of the open step
    /// (<see cref="Position"/>): what the pushes of the finished steps left out.
    /// </summary>
    /// <param name="destination">Is written to, and stays the caller's.</param>
    /// <param name="cancellationToken">Gives up; part of it may be written.</param>
    /// <remarks>
    /// A session begins with residuals of zero, and so it goes on after the model was put back to a snapshot. A worker that is to lose nothing saves them together with the cursor after a
    /// <see cref="ClockAsync"/>, and loads them after it has joined again.
    /// </remarks>
    Task SaveResidualsAsync(Stream destination, CancellationToken cancellationToken = default);

    /// <summary>Takes over residuals that <see cref="SaveResidualsAsync"/> wrote, before the open step's first push.</summary>
    /// <param name="source">Is read up to their end, and stays the caller's.</param>
    /// <param name="cancellationToken">Gives up; the residuals are then as before.</param>
    /// <exception cref="ResidualsException">They are damaged, or of another model, rank or step, or of other parameters. The residuals are as before.</exception>
    /// <exception cref="WorkerStateException">The open step has pushed already.</exception>
    Task LoadResidualsAsync(Stream source, CancellationToken cancellationToken = default);

    /// <summary>Leaves the model for good: rounds and gates no longer wait for this rank.</summary>
    /// <remarks>What the open step has pushed counts as in <see cref="OutOfDataAsync"/>: under BSP leaving before its clock drops it.</remarks>
    /// <exception cref="WorkerStateException">A push of the open step is unresolved.</exception>
    /// <exception cref="StepRestartException">The model was put back, so the rank may have steps to do again.</exception>
    Task LeaveAsync(CancellationToken cancellationToken = default);
}

/// <summary>Reads a model without having a rank in it.</summary>
/// <remarks>Thread safe. A reader is never waited for.</remarks>
public interface IParameterReader : IAsyncDisposable
{
    /// <summary>The model's name.</summary>
    string Model { get; }

    /// <summary>The spec that the model was created with.</summary>
    ModelSpec Spec { get; }

    /// <summary>Reads what the model holds now.</summary>
    /// <param name="values">Names and destinations.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// Under BSP the version (number of closed rounds) that all values are of. Under SSP and ASP -1: each block is read at
    /// its own moment, and only a snapshot is a consistent whole.
    /// </returns>
    ValueTask<long> ReadLatestAsync(TensorSet values, CancellationToken cancellationToken = default);

    /// <summary>Reads rows of embedding tables as the model holds them now.</summary>
    /// <param name="rows">Keys and destinations.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>As <see cref="ReadLatestAsync"/>.</returns>
    /// <exception cref="UnknownTableException">A name is not that of a table.</exception>
    /// <exception cref="RowShapeException">A destination is not keys x width floats.</exception>
    /// <exception cref="TooManyRowsException">These are more different rows of a table than a step may push; read them in several calls.</exception>
    ValueTask<long> ReadLatestRowsAsync(RowSet rows, CancellationToken cancellationToken = default);

    /// <summary>Reads a snapshot: one consistent point of the model.</summary>
    /// <param name="cut">The cut's number, or null for the newest.</param>
    /// <param name="values">Names and destinations.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="SnapshotNotFoundException">There is no such cut.</exception>
    /// <exception cref="SnapshotCorruptException">The cut is damaged.</exception>
    Task<SnapshotInfo> ReadSnapshotAsync(long? cut, TensorSet values, CancellationToken cancellationToken = default);

    /// <summary>Reads all rows of a table in a snapshot, shard after shard, so that a table larger than memory can be read.</summary>
    /// <param name="cut">The cut's number, or null for the newest.</param>
    /// <param name="table">The table's name.</param>
    /// <param name="cancellationToken">Ends the enumeration.</param>
    /// <returns>For each shard its rows, by ascending key. A key is in one shard; shards are not ordered among each other.</returns>
    /// <exception cref="UnknownTableException">There is no such table.</exception>
    /// <exception cref="SnapshotNotFoundException">There is no such cut.</exception>
    /// <exception cref="SnapshotCorruptException">The cut is damaged.</exception>
    IAsyncEnumerable<TableRows> ReadTableAsync(long? cut, string table, CancellationToken cancellationToken = default);
}

/// <summary>Rows of one table in a snapshot.</summary>
/// <param name="Snapshot">The snapshot.</param>
/// <param name="Keys">Their keys, ascending.</param>
/// <param name="Rows">Their values, key after key.</param>
public sealed record TableRows(SnapshotInfo Snapshot, ReadOnlyMemory<long> Keys, ReadOnlyMemory<float> Rows);
