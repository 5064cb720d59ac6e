using OrleansPs.Core.Partitioning;

namespace OrleansPs.Simulation;

/// <summary>A model and its work, drawn from a seed.</summary>
internal sealed record ModelDraw(ModelSpec Spec, Workload Work, BlockLayout Layout)
{
    /// <summary>How many silos the run begins with.</summary>
    public int Silos { get; private init; } = 3;

    /// <summary>What workers do with tables; null where the model has none.</summary>
    public RowWork? Rows { get; private init; }

    /// <summary>Whether its policy changes while it is trained.</summary>
    public bool ChangesPolicy { get; private init; }

    /// <summary>Whether the control record has a second copy.</summary>
    public bool HasWitness { get; private init; } = true;

    /// <summary>Whether there is a rank that only comes late, if at all.</summary>
    public bool HasLateRank => Spec.RankLimit > Spec.Workers;

    /// <summary>The block sizes that models are drawn with.</summary>
    public static readonly int[] Sizes = [4096, 4352, 8192];

    /// <summary>The parameter of real numbers; -1 where there is none, since without rounds the order of adding is free.</summary>
    public int RealParameter => HasReal(Spec, ChangesPolicy) ? Spec.Parameters.Count - 1 : -1;

    public static ModelDraw Draw(int seed, int? blockBytes = null, ConsistencyPolicy? consistency = null, TimeSpan? lease = null)
    {
        var random = new Random(seed ^ 0x5eed);
        var mode = random.Next(6) switch
        {
            0 or 1 or 2 => ConsistencyPolicy.BulkSynchronous,
            3 or 4 => ConsistencyPolicy.StaleSynchronous(random.Next(4)),
            _ => ConsistencyPolicy.Asynchronous,
        };
        mode = consistency ?? mode;
        var isLong = random.Next(12) == 0;
        var workers = isLong ? 2 : random.Next(1, 5);
        var owners = workers + (isLong ? 0 : random.Next(2));
        var pushes = isLong ? 1 : random.Next(1, 4);
        var items = isLong ? 120 : Math.Min(random.Next(3, 13), 256 / (owners * pushes));
        var parameters = random.Next(2, 6);
        var work = new Workload(seed, owners, items, pushes, parameters, random.Next(parameters));
        var lengths = Enumerable.Range(0, parameters).Select(_ => DrawLength(random, work.Size)).ToArray();
        var spec = new ModelSpec("sim")
        {
            Parameters = [],
            Optimizer = Optimizer.Sum(),
            Consistency = mode,
            Reduction = Reduction.Sum,
            BlockBytes = Sizes[random.Next(Sizes.Length)],
            Workers = workers,
            MaxWorkers = owners,
            PushesPerStep = pushes + random.Next(2),
            BackupWorkers = DrawBackups(seed, workers),
            Lease = TimeSpan.FromMilliseconds(random.Next(300, 2000)),
        };
        var every = random.Next(3) == 0 ? 0 : random.Next(1, 8);
        var isReplicated = random.Next(5) != 0;
        var keep = new Random(seed ^ 0x6ee9).Next(1, 5);
        spec = spec with
        {
            Compensation = DrawCompensation(seed, mode),
            BlockBytes = blockBytes ?? spec.BlockBytes,
            Lease = lease ?? spec.Lease,
            Durability = isReplicated ? DurabilityPolicy.Replicated(every, keep: keep) : DurabilityPolicy.Snapshot(every, keep: keep),
        };
        var changes = consistency is null && blockBytes is null && lease is null && new Random(seed ^ 0x90f1c).Next(3) == 0;
        var rows = RowWork.Draw(seed, work.Size);
        if (rows is not null) spec = spec with { Tables = rows.TablesOf(spec, HasReal(spec, changes)) };
        return Fit(spec, work, lengths, changes) with { Rows = rows, Silos = random.Next(2, 5), HasWitness = isReplicated || random.Next(2) == 0 };
    }

    /// <summary>The same, but every round waits for all.</summary>
    public ModelDraw WithoutBackups() => this with { Spec = Spec with { BackupWorkers = 0 } };

    private static bool HasReal(ModelSpec spec, bool changes) => spec.Consistency.Mode == ConsistencyMode.BulkSynchronous && !changes;

    /// <summary>Makes parameters longer until each piece of them in a block of any size shows every push.</summary>
    private static ModelDraw Fit(ModelSpec spec, Workload work, int[] lengths, bool changes)
    {
        while (true)
        {
            var parameters = lengths.Select((length, i) => new DenseParameter($"p{i}", [length])).ToArray();
            // The real parameter's optimizer has state, and counts: both must come through rounds, cuts and restores.
            if (HasReal(spec, changes))
                parameters[^1] = parameters[^1] with { Optimizer = Optimizer.Sgd(lr: 1, History.Momentum, History.Dampening) };
            var fitting = spec with { Parameters = parameters };
            var tight = Sizes.Select(size => BlockLayout.Create(fitting with { BlockBytes = size }))
                .SelectMany(layout => layout.Blocks).SelectMany(block => block.Segments)
                .FirstOrDefault(segment => segment.Length < work.Size);
            if (tight.Length == 0)
            {
                fitting.Validate();
                return new(fitting, work, BlockLayout.Create(fitting)) { ChangesPolicy = changes };
            }
            lengths[tight.Parameter] += work.Size - tight.Length;
        }
    }

    // Of its own dice: other draws of a seed stay as they are.
    private static int DrawBackups(int seed, int workers)
    {
        var random = new Random(seed ^ 0xbac);
        return random.Next(3) == 0 ? random.Next(workers) : 0;
    }

    // Sums take no part in it: what is tried are the pulls in the log, in states and behind a change of the primary. Drawn apart, so that
    // seeds mean what they meant.
    private static StalenessCompensation DrawCompensation(int seed, ConsistencyPolicy mode)
    {
        if (mode.Mode == ConsistencyMode.BulkSynchronous) return StalenessCompensation.None;
        return new Random(seed ^ 0xde1a).Next(3) switch
        {
            0 => StalenessCompensation.DcAsgd(),
            1 => StalenessCompensation.ByLr(),
            _ => StalenessCompensation.None,
        };
    }

    private static int DrawLength(Random random, int size) => random.Next(4) switch
    {
        0 => size,
        1 => size + random.Next(300),
        2 => 1024,
        _ => 1024 + random.Next(1500),
    };
}
