namespace OrleansPs;

/// <summary>
/// A factor on the learning rate as a function of the clock (under BSP the round). Names are those of
/// <c>torch.optim.lr_scheduler</c>.
/// </summary>
public abstract record LearningRateSchedule
{
    private protected LearningRateSchedule() { }

    /// <summary>Always 1.</summary>
    public static LearningRateSchedule Constant { get; } = new ConstantSchedule();

    /// <summary>gamma^floor(clock / stepSize), as <c>StepLR</c>.</summary>
    /// <param name="stepSize">Clocks between two decays, >= 1.</param>
    /// <param name="gamma">The factor of a decay, > 0.</param>
    public static LearningRateSchedule Step(long stepSize, double gamma = 0.1) => new StepSchedule(stepSize, gamma);

    /// <summary>From 1 down to <paramref name="etaMin"/> over half a cosine of <paramref name="tMax"/> clocks, then constant; as <c>CosineAnnealingLR</c>.</summary>
    /// <param name="tMax">Clocks to the minimum, >= 1.</param>
    /// <param name="etaMin">The smallest factor, 0 to 1.</param>
    public static LearningRateSchedule Cosine(long tMax, double etaMin = 0) => new CosineSchedule(tMax, etaMin);

    /// <summary>Linear from <paramref name="startFactor"/> to 1 over so many clocks, then <paramref name="then"/> from its clock 0; as <c>LinearLR</c>.</summary>
    /// <param name="totalIters">Clocks of warm-up, >= 1.</param>
    /// <param name="startFactor">The first factor, (0, 1].</param>
    /// <param name="then">What follows; constant by default.</param>
    public static LearningRateSchedule WarmUp(long totalIters, double startFactor = 1.0 / 3, LearningRateSchedule? then = null) =>
        new WarmUpSchedule(totalIters, startFactor, then ?? Constant);

    /// <summary>The factor at a clock >= 0.</summary>
    public abstract double FactorAt(long clock);
}

/// <summary>See <see cref="LearningRateSchedule.Constant"/>.</summary>
public sealed record ConstantSchedule : LearningRateSchedule
{
    /// <inheritdoc/>
    public override double FactorAt(long clock) => 1;
}

/// <summary>See <see cref="LearningRateSchedule.Step"/>.</summary>
/// <param name="StepSize">Clocks between two decays.</param>
/// <param name="Gamma">The factor of a decay.</param>
public sealed record StepSchedule(long StepSize, double Gamma) : LearningRateSchedule
{
    /// <inheritdoc/>
    public override double FactorAt(long clock) => Math.Pow(Gamma, clock / StepSize);
}

/// <summary>See <see cref="LearningRateSchedule.Cosine"/>.</summary>
/// <param name="TMax">Clocks to the minimum.</param>
/// <param name="EtaMin">The smallest factor.</param>
public sealed record CosineSchedule(long TMax, double EtaMin) : LearningRateSchedule
{
    /// <inheritdoc/>
    public override double FactorAt(long clock) =>
        EtaMin + (1 - EtaMin) * (1 + Math.Cos(Math.PI * Math.Min(clock, TMax) / TMax)) / 2;
}

/// <summary>See <see cref="LearningRateSchedule.WarmUp"/>.</summary>
/// <param name="TotalIters">Clocks of warm-up.</param>
/// <param name="StartFactor">The first factor.</param>
/// <param name="Then">What follows.</param>
public sealed record WarmUpSchedule(long TotalIters, double StartFactor, LearningRateSchedule Then) : LearningRateSchedule
{
    /// <inheritdoc/>
    public override double FactorAt(long clock) => clock < TotalIters
        ? StartFactor + (1 - StartFactor) * clock / TotalIters
        : Then.FactorAt(clock - TotalIters);
}
