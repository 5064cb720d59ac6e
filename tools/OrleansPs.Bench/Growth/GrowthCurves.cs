using System.Runtime.CompilerServices;

namespace OrleansPs.Bench;

/// <summary>The curves: each makes ever more of one thing, and says what a unit of it costs.</summary>
internal sealed class GrowthCurves(GrowthEffort effort, CapacityConstants constants)
{
    /// <summary>What a session does at once, at most.</summary>
    private const int PushesPerStep = 4_096;

    private const int Width = 16;
    private const int Batch = 10_000;

    /// <summary>A step of each of so many sessions: pull, push and clock of 64 KiB.</summary>
    public async IAsyncEnumerable<Curve> WorkersAsync([EnumeratorCancellation] CancellationToken stop)
    {
        const int floats = 16_384;
        foreach (var (name, policy) in new[] { ("BSP", ConsistencyPolicy.BulkSynchronous), ("ASP", ConsistencyPolicy.Asynchronous) })
        {
            var rig = await GrowthRig.StartAsync(1, effort, stop).ConfigureAwait(false);
            await using var _ = rig.ConfigureAwait(false);
            var points = new List<CurvePoint>();
            foreach (var count in effort.IsQuick ? new[] { 1, 4, 16, 64 } : [1, 2, 4, 8, 16, 32, 64])
            {
                var spec = Dense($"workers-{name}-{count}", floats, ModelSpec.DefaultBlockBytes) with { Workers = count, Consistency = policy };
                var workers = await rig.JoinAsync(spec, stop).ConfigureAwait(false);
                var steppers = workers.Select(worker => new Stepper(worker, floats)).ToArray();
                var cost = await rig.MeasureAsync(n => Task.WhenAll(steppers.Select(s => s.StepAsync(n, stop))), count).ConfigureAwait(false);
                await rig.LeaveAsync(workers, stop).ConfigureAwait(false);
                points.Add(new(count, cost.Total, constants.StepMicroseconds(floats, messages: 1, isRounds: policy.Mode == ConsistencyMode.BulkSynchronous)));
            }
            yield return new($"workers, {name}", "workers", "CPU us/step", 1, points) { Reason = "with more under way, a read of the connection brings more messages" };
        }
    }

    /// <summary>Pushes of a model in ever more blocks: of 16 MiB in all, and of 4 KiB each.</summary>
    public async IAsyncEnumerable<Curve> BlocksAsync([EnumeratorCancellation] CancellationToken stop)
    {
        const int total = 16 << 20, size = 4_096;
        int[] counts = effort.IsQuick ? [1, 16, 256, 1_024] : [1, 4, 16, 64, 256, 1_024, 4_096];
        var rig = await GrowthRig.StartAsync(1, effort, stop).ConfigureAwait(false);
        await using var _ = rig.ConfigureAwait(false);
        var (whole, each) = (new List<CurvePoint>(), new List<CurvePoint>());
        foreach (var count in counts)
        {
            var cost = await PushAsync(rig, Dense($"cut-{count}", total / sizeof(float), total / count), 1, stop).ConfigureAwait(false);
            whole.Add(new(count, cost.Total, constants.PushMicroseconds(total / sizeof(float), count, total / count)));
        }
        yield return new("push of 16 MiB by its blocks", "blocks", "CPU us/push", 1, whole) { Reason = "the bytes stay, messages and blocks become more, each with a cost of its own" };
        foreach (var count in counts)
        {
            var cost = await PushAsync(rig, Dense($"blocks-{count}", (int)((long)count * size / sizeof(float)), size), count, stop).ConfigureAwait(false);
            each.Add(new(count, cost.Total, constants.PushMicroseconds((long)count * size / sizeof(float), count, size) / count));
        }
        yield return new("blocks of 4 KiB in a push", "blocks", "CPU us/block", Math.Min(1_024, counts[^1]), each) { Reason = "few blocks share the message that brings them" };
    }

    /// <summary>Pushes of 16 MiB in blocks of 1 MiB, and of 1 MiB in blocks of 16 KiB, to ever more silos.</summary>
    public async IAsyncEnumerable<Curve> SilosAsync([EnumeratorCancellation] CancellationToken stop)
    {
        var (large, small) = (new List<CurvePoint>(), new List<CurvePoint>());
        for (var silos = 1; silos <= (effort.IsQuick ? 2 : 4); silos++)
        {
            var rig = await GrowthRig.StartAsync(silos, effort, stop).ConfigureAwait(false);
            await using var _ = rig.ConfigureAwait(false);
            var cost = await PushAsync(rig, Dense("large", 4 << 20, 1 << 20), 16, stop).ConfigureAwait(false);
            large.Add(new(silos, cost.Total, constants.PushMicroseconds(4 << 20, 16, 1 << 20) / 16));
            cost = await PushAsync(rig, Dense("small", 256 << 10, 16 << 10), 64, stop).ConfigureAwait(false);
            small.Add(new(silos, cost.Total, constants.PushMicroseconds(256 << 10, 64, 16 << 10, silos) / 64));
        }
        yield return new("16 blocks of 1 MiB on silos", "silos", "CPU us/block", 1, large) { Reason = "more processes than processors disturb each other" };
        yield return new("64 blocks of 16 KiB on silos", "silos", "CPU us/block", 1, small) { Reason = "a message a silo brings fewer blocks, and more processes than processors disturb each other" };
    }

    /// <summary>Batches of random rows of an ever larger table.</summary>
    public async IAsyncEnumerable<Curve> RowsAsync([EnumeratorCancellation] CancellationToken stop)
    {
        var (pushes, pulls, memory) = (new List<CurvePoint>(), new List<CurvePoint>(), new List<CurvePoint>());
        foreach (var rows in effort.IsQuick ? new[] { 10_000, 100_000, 1_000_000 } : [10_000, 100_000, 1_000_000, 10_000_000])
        {
            // Each with silos of its own, whose memory is that of this table alone.
            var rig = await GrowthRig.StartAsync(1, effort, stop).ConfigureAwait(false);
            await using var _ = rig.ConfigureAwait(false);
            var table = new TableWorker((await rig.JoinAsync(TableWorker.Spec(Width, Batch), stop).ConfigureAwait(false))[0], rows, Width, Batch);
            var before = await table.SettledMemoryAsync(rig.Silos, stop).ConfigureAwait(false);
            await table.FillAsync(stop).ConfigureAwait(false);
            var taken = await table.SettledMemoryAsync(rig.Silos, stop).ConfigureAwait(false) - before;
            if (rows >= 1_000_000) memory.Add(new(rows, taken / (double)rows, constants.RowBytes(Width, stateFloats: 0)));
            var push = await rig.MeasureAsync(n => table.PushAsync(n, stop), Batch).ConfigureAwait(false);
            pushes.Add(new(rows, push.Total, constants.RowPushMicroseconds(Width)));
            var pull = await rig.MeasureAsync(n => table.PullAsync(n, stop), Batch).ConfigureAwait(false);
            pulls.Add(new(rows, pull.Total, constants.RowPullMicroseconds(Width)));
        }
        yield return new("rows pushed", "rows of the table", "CPU us/row", 10_000, pushes) { Reason = "a larger table fits into no cache" };
        yield return new("rows pulled", "rows of the table", "CPU us/row", 10_000, pulls) { Reason = "a larger table fits into no cache" };
        yield return new("memory of a row", "rows of the table", "bytes/row", 1_000_000, memory) { Reason = "the index doubles when it is full" };
    }

    private static ModelSpec Dense(string name, int floats, int blockBytes) => new($"growth-{name}")
    {
        Parameters = [new("w", [floats])],
        Optimizer = Optimizer.Sgd(lr: 1e-3),
        Consistency = ConsistencyPolicy.Asynchronous,
        Durability = DurabilityPolicy.Snapshot(),
        BlockBytes = blockBytes,
        PushesPerStep = PushesPerStep,
        Lease = TimeSpan.FromMinutes(10),
    };

    private static async Task<OperationCost> PushAsync(GrowthRig rig, ModelSpec spec, int units, CancellationToken stop)
    {
        var workers = await rig.JoinAsync(spec, stop).ConfigureAwait(false);
        var stepper = new Stepper(workers[0], (int)spec.Length);
        var cost = await rig.MeasureAsync(n => stepper.PushAsync(n, stop), units).ConfigureAwait(false);
        await rig.LeaveAsync(workers, stop).ConfigureAwait(false);
        return cost;
    }

    /// <summary>Does dense steps with memory of its own.</summary>
    private sealed class Stepper
    {
        private readonly IParameterWorker _worker;
        private readonly TensorSet _gradient;
        private readonly TensorSet _values;

        public Stepper(IParameterWorker worker, int floats)
        {
            (_worker, _gradient, _values) = (worker, new() { { "w", new float[floats] } }, new() { { "w", new float[floats] } });
            _gradient["w"].Span.Fill(1e-6f);
        }

        public async Task StepAsync(int steps, CancellationToken stop)
        {
            await Task.Yield();
            for (var i = 0; i < steps; i++)
            {
                await _worker.PullAsync(_values, stop).ConfigureAwait(false);
                await _worker.PushAsync(_gradient, stop).ConfigureAwait(false);
                await _worker.ClockAsync(_worker.Position.Step + 1, stop).ConfigureAwait(false);
            }
        }

        public async Task PushAsync(int pushes, CancellationToken stop)
        {
            for (var i = 0; i < pushes; i++)
            {
                await _worker.PushAsync(_gradient, stop).ConfigureAwait(false);
                if (i % PushesPerStep == PushesPerStep - 1) await _worker.ClockAsync(_worker.Position.Step + 1, stop).ConfigureAwait(false);
            }
            await _worker.ClockAsync(_worker.Position.Step + 1, stop).ConfigureAwait(false);
        }
    }
}
