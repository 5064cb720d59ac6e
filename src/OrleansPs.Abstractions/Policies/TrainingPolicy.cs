namespace OrleansPs;

/// <summary>What of a model may change while it is trained: how its workers keep in step, and how fast it learns.</summary>
/// <param name="Number">0 for what the spec says; it rises with each change.</param>
/// <param name="Consistency">How far workers may drift apart.</param>
/// <param name="BackupWorkers">How many of its workers a round of BSP closes without; see <see cref="ModelSpec.BackupWorkers"/>.</param>
/// <param name="LrScale">A factor on every learning rate, beside the schedule's: 1 is the spec's.</param>
public sealed record TrainingPolicy(long Number, ConsistencyPolicy Consistency, int BackupWorkers, double LrScale)
{
    /// <summary>Whether it has rounds.</summary>
    public bool IsRounds => Consistency.Mode == ConsistencyMode.BulkSynchronous;

    /// <summary>The policy that a model begins with.</summary>
    public static TrainingPolicy Of(ModelSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return new(0, spec.Consistency, spec.BackupWorkers, 1);
    }

    /// <summary>The policy that a change makes of this one; this one itself if it changes nothing.</summary>
    /// <param name="spec">The model's spec.</param>
    /// <param name="change">The change.</param>
    /// <exception cref="InvalidOptionsException">The factor is out of its range.</exception>
    /// <exception cref="InvalidSpecException">The model can't be trained in this way: too many backup workers, or too little room for rounds.</exception>
    public TrainingPolicy With(ModelSpec spec, PolicyChange change)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(change);
        var next = this with
        {
            Consistency = change.Consistency ?? Consistency,
            BackupWorkers = change.BackupWorkers ?? BackupWorkers,
            LrScale = change.LrScale ?? LrScale,
        };
        if (next == this) return this;
        if (!(next.LrScale >= 0) || !float.IsFinite((float)next.LrScale))
            throw new InvalidOptionsException(nameof(LrScale), next.LrScale, "it must be >= 0 and finite as float32.");
        (spec with { Consistency = next.Consistency, BackupWorkers = next.BackupWorkers }).Validate();
        return next with { Number = Number + 1 };
    }

    /// <summary>As in <c>SSP(2), lr x 0.5</c>.</summary>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture,
        $"{Consistency}{(BackupWorkers > 0 ? $", {BackupWorkers} backup workers" : "")}{(LrScale == 1 ? "" : $", lr x {LrScale}")}");
}

/// <summary>A change of a model's policy. What is null stays as it is.</summary>
public sealed record PolicyChange
{
    /// <summary>How far workers may drift apart from now on. A change to BSP needs <see cref="ModelSpec.StagingBytes"/>.</summary>
    public ConsistencyPolicy? Consistency { get; init; }

    /// <summary>How many of its workers a round closes without, 0 to Workers - 1.</summary>
    public int? BackupWorkers { get; init; }

    /// <summary>The factor on the spec's learning rates, >= 0; not on those of an earlier change.</summary>
    public double? LrScale { get; init; }
}
