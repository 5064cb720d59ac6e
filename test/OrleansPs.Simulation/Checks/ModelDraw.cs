using OrleansPs.Core.Partitioning;

namespace OrleansPs.Simulation;

/// <summary>A model and its work, drawn from a seed.</summary>
internal sealed record ModelDraw(ModelSpec Spec, Workload Work, BlockLayout Layout)
{
    /// <summary>The parameter of real numbers; -1 where there is none, since without rounds the order of adding is free.</summary>
    public int RealParameter => Spec.Consistency.Mode == ConsistencyMode.BulkSynchronous ? Spec.Parameters.Count - 1 : -1;

    public static ModelDraw Draw(int seed, int? blockBytes = null, ConsistencyPolicy? consistency = null)
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
            BlockBytes = blockBytes ?? (random.Next(3) switch { 0 => 4096, 1 => 4352, _ => 8192 }),
            Workers = workers,
            MaxWorkers = owners,
            PushesPerStep = pushes + random.Next(2),
            Lease = TimeSpan.FromMilliseconds(random.Next(300, 2000)),
            Durability = DurabilityPolicy.Snapshot(everyClocks: random.Next(3) == 0 ? 0 : random.Next(1, 8)),
        };
        return Fit(spec, work, lengths);
    }

    /// <summary>Makes parameters longer until each piece of them in a block shows every push.</summary>
    private static ModelDraw Fit(ModelSpec spec, Workload work, int[] lengths)
    {
        while (true)
        {
            var parameters = lengths.Select((length, i) => new DenseParameter($"p{i}", [length])).ToArray();
            var fitting = spec with { Parameters = parameters };
            var layout = BlockLayout.Create(fitting);
            var tight = layout.Blocks.SelectMany(b => b.Segments).FirstOrDefault(s => s.Length < work.Size);
            if (tight.Length == 0)
            {
                fitting.Validate();
                return new(fitting, work, layout);
            }
            lengths[tight.Parameter] += work.Size - tight.Length;
        }
    }

    private static int DrawLength(Random random, int size) => random.Next(4) switch
    {
        0 => size,
        1 => size + random.Next(300),
        2 => 1024,
        _ => 1024 + random.Next(1500),
    };
}
