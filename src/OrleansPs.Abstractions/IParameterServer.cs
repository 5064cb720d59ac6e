namespace OrleansPs;

/// <summary>
/// The door to a parameter service: creates models, lets workers join them, and keeps their snapshots.
/// </summary>
/// <remarks>
/// All members are thread safe. Every failure of the service is a <see cref="ParameterServerException"/> whose
/// <see cref="ParameterServerException.IsTransient"/> says whether the same call may succeed later. Misuse is told as usual, by
/// <see cref="ArgumentNullException"/> and <see cref="ObjectDisposedException"/>, and cancellation by
/// <see cref="OperationCanceledException"/>.
/// </remarks>
public interface IParameterServer : IAsyncDisposable
{
    /// <summary>
    /// Creates a model, or does nothing if a model of this name and of an equal spec exists.
    /// </summary>
    /// <param name="spec">What the model consists of; validated here, whole, before anything changes.</param>
    /// <param name="cancellationToken">Ends the wait; the model may still come to exist.</param>
    /// <exception cref="InvalidSpecException">A value of <paramref name="spec"/> breaks a rule.</exception>
    /// <exception cref="SpecMismatchException">The model exists with a different spec.</exception>
    Task CreateModelAsync(ModelSpec spec, CancellationToken cancellationToken = default);

    /// <summary>Removes a model from the service's memory. Its snapshots stay.</summary>
    /// <exception cref="UnknownModelException">There is no such model.</exception>
    Task DeleteModelAsync(string model, CancellationToken cancellationToken = default);

    /// <summary>The names of all models, in ordinal order.</summary>
    Task<IReadOnlyList<string>> ListModelsAsync(CancellationToken cancellationToken = default);

    /// <summary>What a model is doing now: its workers with their clocks, its open round, its newest snapshot.</summary>
    /// <exception cref="UnknownModelException">There is no such model.</exception>
    Task<ModelStatus> GetStatusAsync(string model, CancellationToken cancellationToken = default);

    /// <summary>
    /// Joins a model as the worker of one rank, and fences whoever played that rank before.
    /// </summary>
    /// <param name="model">The model's name.</param>
    /// <param name="rank">The rank, 0 to <see cref="ModelSpec.RankLimit"/> - 1.</param>
    /// <param name="options">How the session behaves; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A session whose position says where the rank's work goes on.</returns>
    /// <exception cref="UnknownModelException">There is no such model.</exception>
    /// <exception cref="InvalidOptionsException">The rank or an option is out of its range.</exception>
    Task<IParameterWorker> JoinAsync(
        string model, int rank, WorkerOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Opens a reader, which has no rank and holds nobody up: for evaluation and export.</summary>
    /// <exception cref="UnknownModelException">There is no such model.</exception>
    Task<IParameterReader> OpenReaderAsync(string model, CancellationToken cancellationToken = default);

    /// <summary>Takes a snapshot: an exact cut, while the workers go on. Completes when it can be restored.</summary>
    /// <remarks>
    /// Under BSP the cut is the last closed round and waits for no worker. Otherwise it holds each worker as of its next clock, or as
    /// of where it already waits, joins, leaves or is evicted: so it waits for every worker's next clock, and an eviction does not
    /// abort it. It begins when no other cut is open.
    /// </remarks>
    /// <exception cref="SnapshotAbortedException">
    /// The cut was aborted (the storage failed, the model was put back or closed). It is not tried again by itself.
    /// </exception>
    Task<SnapshotInfo> TakeSnapshotAsync(string model, CancellationToken cancellationToken = default);

    /// <summary>The complete snapshots of a model, oldest first.</summary>
    Task<IReadOnlyList<SnapshotInfo>> ListSnapshotsAsync(string model, CancellationToken cancellationToken = default);

    /// <summary>
    /// Puts the whole model back to a snapshot and raises its generation. Live workers are told by
    /// <see cref="StepRestartException"/> and go on after <see cref="IParameterWorker.ResumeAsync"/>.
    /// </summary>
    /// <param name="model">The model's name.</param>
    /// <param name="options">Which cut, and for how many workers; null for the newest good one and the same workers.</param>
    /// <param name="cancellationToken">Ends the wait; the restore may still happen.</param>
    /// <exception cref="SnapshotNotFoundException">There is no such cut, or none that is whole.</exception>
    /// <exception cref="SnapshotCorruptException">The chosen cut is damaged. The model stays as it was.</exception>
    /// <exception cref="SpecMismatchException">The snapshot is of another spec. The model stays as it was.</exception>
    Task<SnapshotInfo> RestoreAsync(
        string model, RestoreOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Puts a model back to what matches in a snapshot of another spec: parameters with the same name and shape. A parameter that
    /// was added, renamed or reshaped has its first values. Live workers are told as by <see cref="RestoreAsync"/>.
    /// </summary>
    /// <remarks>
    /// <para>
    /// Values are exact. So are optimizer state and update counts of a parameter whose optimizer is of the same kind (SGD with momentum;
    /// Adam or AdamW); others begin anew. Block size, order of the parameters, policies, schedule and number of workers may differ freely.
    /// </para>
    /// <para>
    /// Ranks go on as after a restore: same steps and cursors, <see cref="RestoreOptions.Workers"/> of them; under BSP in the cut's
    /// round, or in the round that is the slowest clock if the cut is not of BSP. Where the layout of blocks changed, pushes of half steps that
    /// dead workers left (SSP, ASP) can't be told apart any more: their replay counts them twice.
    /// </para>
    /// <para>
    /// What matches is written as a new cut of the present spec first, and the model is put back to that one: so a failure changes
    /// nothing, and the model goes back there if it loses its blocks.
    /// </para>
    /// </remarks>
    /// <param name="model">The model's name; it exists with its new spec.</param>
    /// <param name="options">Which cut, and for how many workers; null for the newest good one and the same workers.</param>
    /// <param name="cancellationToken">Ends the wait; the restore may still happen.</param>
    /// <returns>What was restored, and what was not.</returns>
    /// <exception cref="SnapshotNotFoundException">There is no such cut, or none that is whole.</exception>
    /// <exception cref="SnapshotCorruptException">The chosen cut is damaged. The model stays as it was.</exception>
    /// <exception cref="InvalidOptionsException">The number of workers is out of its range, or has to be said.</exception>
    Task<LoadReport> RestorePartialAsync(
        string model, RestoreOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Gives a model other first values, such as those of a pre-trained one, and begins it anew with them: steps, clocks and optimizer
    /// state start at 0. Live workers are told by <see cref="StepRestartException"/>, as by a restore.
    /// </summary>
    /// <remarks>
    /// Values are read piece by piece, written as a new cut, and the model is put back to that one, so a failure changes nothing. A
    /// server that keeps no snapshots holds them in memory instead.
    /// </remarks>
    /// <param name="model">The model's name.</param>
    /// <param name="weights">Where the values come from: tensors with the names and shapes of the parameters. It stays the caller's.</param>
    /// <param name="options">Whether everything must match; null for yes.</param>
    /// <param name="cancellationToken">Ends the wait; the model may still be put to the values.</param>
    /// <returns>What was loaded, and what was not.</returns>
    /// <exception cref="UnknownModelException">There is no such model.</exception>
    /// <exception cref="WeightMismatchException">Something does not match. The model stays as it was.</exception>
    Task<LoadReport> LoadAsync(
        string model, IWeightSource weights, LoadOptions? options = null, CancellationToken cancellationToken = default);

    /// <summary>Opens a snapshot, to read its parameters piece by piece: one block is in memory at a time.</summary>
    /// <param name="model">The model's name; it need not exist any more.</param>
    /// <param name="cut">The cut; null for the newest.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="SnapshotNotFoundException">There is no such cut.</exception>
    /// <exception cref="SnapshotCorruptException">The cut is damaged; a damaged chunk is found when it is read.</exception>
    Task<ISnapshotWeights> OpenSnapshotAsync(string model, long? cut = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Changes how a model is trained, while it is trained. Completes when all blocks work by the new policy.
    /// </summary>
    /// <remarks>
    /// At a point that the coordinator names: every live worker stops at the end of its step, so a change takes as long as the slowest one's
    /// step, and what a round waits for it waits for too. A snapshot that is being taken is finished first. To BSP all workers go on in one round, that
    /// of the fastest clock; to SSP and ASP they keep their clocks. What a snapshot holds it holds with its policy: a restore brings that back.
    /// </remarks>
    /// <param name="model">The model's name.</param>
    /// <param name="change">What changes.</param>
    /// <param name="cancellationToken">Ends the wait; the change may still come about.</param>
    /// <returns>The policy in force.</returns>
    /// <exception cref="UnknownModelException">There is no such model.</exception>
    /// <exception cref="InvalidOptionsException">The factor on the learning rate is out of its range. Nothing changes.</exception>
    /// <exception cref="InvalidSpecException">The model can't be trained in this way. Nothing changes.</exception>
    Task<TrainingPolicy> ChangePolicyAsync(string model, PolicyChange change, CancellationToken cancellationToken = default);

    /// <summary>Takes a rank out of the rounds and the gate by hand, as an expired lease would.</summary>
    Task EvictAsync(string model, int rank, CancellationToken cancellationToken = default);
}
