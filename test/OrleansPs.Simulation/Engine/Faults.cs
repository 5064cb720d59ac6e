namespace OrleansPs.Simulation;

/// <summary>What can go wrong in a run. Every kind must come about in the default set of seeds.</summary>
internal enum FaultKind
{
    LostRequest,
    LostReply,
    Duplicate,
    Delay,
    LateDuplicate,
    RefusedConnection,
    Partition,
    WorkerCrash,
    WorkerPause,
    WorkerTwin,
    WorkerLost,
    CancelledCall,
    HandEviction,
    OutOfDataAndBack,
    EarlyLeave,
    LateJoin,
    CoordinatorDeath,
    CoordinatorPause,
    DeposedCoordinator,
    WitnessLoss,
    SiloKill,
    SiloPause,
    SiloZombie,
    SiloPartition,
    SiloIsolation,
    SiloDrain,
    SiloJoin,
    LostSwapAnswer,
    LostRecordAnswer,
    RecordFailure,
    StorageFailure,
    SlowStorage,
    TornWrite,
    LostWriteAnswer,
    DamagedSnapshot,
    Restore,
    OtherWorkerCount,
    WholeCrash,
    Reactivation,

    /// <summary>A chunk that deltas of the newest snapshot rest on is changed or gone.</summary>
    DamagedBase,
}

/// <summary>How often each fault comes about in one run. Which kinds a run has is drawn too, so that each also meets calm seas.</summary>
internal sealed class FaultProfile
{
    private static readonly int Kinds = Enum.GetValues<FaultKind>().Length;
    private readonly double[] _rates = new double[Kinds];

    private FaultProfile() { }

    /// <summary>No fault at all.</summary>
    public static FaultProfile Calm { get; } = new() { Until = TimeSpan.Zero };

    /// <summary>When faults end.</summary>
    public TimeSpan Until { get; private init; }

    /// <summary>How long a message mostly takes, at most.</summary>
    public double UsualMilliseconds { get; private init; } = 1;

    /// <summary>Whether silos die without regard to what only they have.</summary>
    public bool IsMerciless { get; private init; }

    /// <summary>How slowly workers compute. At the slowest, their work lasts as long as the faults do.</summary>
    public double Pace { get; private init; } = 1;

    /// <summary>The fault that comes about in one phase above all; null for none.</summary>
    public Aim? Aim { get; private init; }

    /// <summary>How likely a cut is asked for by hand at each look.</summary>
    public double Cuts => Aim is null ? 0.03 : 0.3;

    public double this[FaultKind kind] => _rates[(int)kind];

    public static FaultProfile Draw(Random random)
    {
        var profile = new FaultProfile
        {
            Until = TimeSpan.FromSeconds(1 + random.NextDouble() * 5),
            UsualMilliseconds = random.Next(3) switch { 0 => 0.2, 1 => 2, _ => 20 },
            Pace = random.Next(3) switch { 0 => 1, 1 => 4, _ => 12 },
            IsMerciless = random.Next(8) == 0,
        };
        var share = random.NextDouble() * 0.8;
        // Reactivations come with an aim.
        for (var kind = 0; kind < (int)FaultKind.Reactivation; kind++)
        {
            var strength = random.NextDouble();
            profile._rates[kind] = random.NextDouble() < share ? strength * MostOf((FaultKind)kind) : 0;
        }
        if (random.Next(3) == 0) profile._rates[(int)FaultKind.DamagedBase] = random.NextDouble();
        return profile;
    }

    /// <summary>The same profile without some kinds.</summary>
    public FaultProfile Without(params FaultKind[] kinds)
    {
        var profile = Copy(null);
        foreach (var kind in kinds) profile._rates[(int)kind] = 0;
        return profile;
    }

    /// <summary>The same profile with an aim: what it needs comes about often.</summary>
    public FaultProfile AimedAt(Aim? aim)
    {
        if (aim is null) return this;
        var profile = Copy(aim);
        profile._rates[(int)FaultKind.Reactivation] = aim.Reactivations * MostOf(FaultKind.Reactivation);
        foreach (var kind in aim.Causes) profile._rates[(int)kind] = MostOf(kind);
        foreach (var kind in aim.Parts) profile._rates[(int)kind] = Math.Max(0.5, MostOf(kind));
        return profile;
    }

    private FaultProfile Copy(Aim? aim)
    {
        var profile = new FaultProfile
        {
            Until = Until,
            UsualMilliseconds = UsualMilliseconds,
            Pace = Pace,
            // Only the merciless take a witness from who has nothing else.
            IsMerciless = IsMerciless || aim is { Kind: FaultKind.WitnessLoss, Phase: Phase.TakingOver },
            Aim = aim,
        };
        _rates.CopyTo(profile._rates, 0);
        return profile;
    }

    /// <summary>For messages, calls and writes a probability; for what befalls parties a number of times a second.</summary>
    private static double MostOf(FaultKind kind) => kind switch
    {
        FaultKind.LostRequest or FaultKind.LostReply => 0.12,
        FaultKind.Duplicate => 0.2,
        FaultKind.Delay => 0.15,
        FaultKind.LateDuplicate => 0.3,
        FaultKind.RefusedConnection => 0.1,
        FaultKind.CancelledCall => 0.08,
        FaultKind.StorageFailure or FaultKind.LostWriteAnswer or FaultKind.SlowStorage => 0.15,
        FaultKind.LostSwapAnswer or FaultKind.LostRecordAnswer or FaultKind.RecordFailure => 0.3,
        FaultKind.TornWrite or FaultKind.DamagedSnapshot or FaultKind.DamagedBase => 1,
        FaultKind.OutOfDataAndBack => 0.1,
        FaultKind.WorkerLost => 0.4,
        FaultKind.EarlyLeave => 0.05,
        FaultKind.LateJoin => 1,
        FaultKind.OtherWorkerCount => 0.7,
        FaultKind.Restore => 1.5,
        FaultKind.WholeCrash => 0.8,
        FaultKind.SiloKill or FaultKind.SiloZombie or FaultKind.SiloIsolation or FaultKind.WitnessLoss => 1.5,
        _ => 2,
    };
}

/// <summary>How often each fault came about, and in which phases.</summary>
internal sealed class FaultCounts
{
    private readonly long[] _counts = new long[Enum.GetValues<FaultKind>().Length];
    private readonly long[,] _table = new long[Enum.GetValues<FaultKind>().Length, Phases.Count];

    public long this[FaultKind kind] => _counts[(int)kind];

    public long this[FaultKind kind, Phase phase] => _table[(int)kind, (int)phase];

    /// <summary>Counts a fault once, and once in each phase that the model is in.</summary>
    public void Count(FaultKind kind, int phases)
    {
        _counts[(int)kind]++;
        for (var phase = 0; phase < Phases.Count; phase++)
            if ((phases >> phase & 1) != 0) _table[(int)kind, phase]++;
    }

    public void Add(FaultCounts other)
    {
        for (var i = 0; i < _counts.Length; i++)
        {
            _counts[i] += other._counts[i];
            for (var phase = 0; phase < Phases.Count; phase++) _table[i, phase] += other._table[i, phase];
        }
    }
}
