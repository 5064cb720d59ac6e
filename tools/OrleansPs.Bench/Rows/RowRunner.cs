using System.Diagnostics;

namespace OrleansPs.Bench;

/// <summary>Does a row's operations in one session, so many at a time, and takes the time of each.</summary>
internal sealed class RowRunner
{
    /// <summary>Pushes between two clocks, at most.</summary>
    private const int Burst = 4_000;
    // What a step pushes to a table has to fit into one message.
    private const int MaxStepBytes = 90_000_000;

    private readonly BenchRow _row;
    private readonly IParameterWorker? _worker;
    private readonly Func<CancellationToken, ValueTask>[] _lanes;
    private readonly int _burst;
    private long[] _ticks = [];
    private int _next;
    private int _end;

    public RowRunner(BenchRow row, IParameterWorker worker)
    {
        (_row, _worker) = (row, worker);
        _lanes = [.. Enumerable.Range(0, row.InFlight).Select<int, Func<CancellationToken, ValueTask>>(i => new Lane(row, worker, seed: (worker.Rank * 1_000) + i).DoAsync)];
        _burst = row.IsSparse ? Math.Min(Burst, MaxRowsOf(row) / row.Rows) : Burst;
    }

    /// <summary>Does operations that need no session.</summary>
    /// <param name="row">The row.</param>
    /// <param name="laneOf">What does one operation after the other.</param>
    public RowRunner(BenchRow row, Func<Func<CancellationToken, ValueTask>> laneOf) =>
        (_row, _lanes, _burst) = (row, [.. Enumerable.Range(0, row.InFlight).Select(_ => laneOf())], int.MaxValue / 2);

    /// <summary>The model of a row.</summary>
    public static ModelSpec SpecOf(BenchRow row, int workers, DurabilityPolicy durability) => new(row.Model)
    {
        Parameters = row.IsSparse ? [] : [new("w", [row.Floats])],
        Tables = row.IsSparse ? [new("t", row.Floats) { MaxRowsPerStep = MaxRowsOf(row), Shards = Shards }] : [],
        Optimizer = Optimizer.Sgd(lr: 1e-3),
        Compression = row.Encoding switch
        {
            Encoding.Bf16 => GradientCompression.Bf16,
            Encoding.Int8 => GradientCompression.Int8,
            Encoding.TopK => GradientCompression.TopK(0.01),
            _ => GradientCompression.None,
        },
        PullCompression = row.Encoding switch
        {
            Encoding.Bf16 => GradientCompression.Bf16,
            Encoding.Int8 => GradientCompression.Int8,
            _ => GradientCompression.None,
        },
        Consistency = ConsistencyPolicy.Asynchronous,
        Durability = durability,
        Workers = workers,
        PushesPerStep = 4_096,
        Lease = TimeSpan.FromMinutes(10),
    };

    // Few, for each costs a call something, and enough for two processors.
    private const int Shards = 2;

    private static int MaxRowsOf(BenchRow row) => MaxStepBytes / ((row.Floats * sizeof(float)) + sizeof(long));

    /// <summary>Pushes every row of the table once, so that all exist.</summary>
    public async Task FillAsync(CancellationToken stop)
    {
        const int batch = 10_000;
        var rows = new RowSet();
        var keys = new long[batch];
        rows.Add("t", keys, new float[batch * _row.Floats]);
        for (var first = 0; first < BenchRow.TableRows; first += batch)
        {
            for (var i = 0; i < batch; i++) keys[i] = first + i;
            await _worker!.PushRowsAsync(rows, stop).ConfigureAwait(false);
            await _worker.ClockAsync(_worker.Position.Step + 1, stop).ConfigureAwait(false);
        }
    }

    public async Task<RunReport> RunAsync(int operations, CancellationToken stop)
    {
        if (_ticks.Length < operations) _ticks = new long[operations];
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var start = Stopwatch.GetTimestamp();
        for (_end = 0, _next = 0; _end < operations;)
        {
            _end = Math.Min(operations, _end + _burst);
            var running = new Task[_lanes.Length];
            for (var i = 0; i < running.Length; i++) running[i] = RunAsync(_lanes[i], stop);
            await Task.WhenAll(running).ConfigureAwait(false);
            if (_row.Pushes && _worker is not null) await _worker.ClockAsync(_worker.Position.Step + 1, stop).ConfigureAwait(false);
            _next = _end;
        }
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        return RunReport.Of(_ticks.AsSpan(0, operations), seconds, allocated);
    }

    private async Task RunAsync(Func<CancellationToken, ValueTask> lane, CancellationToken stop)
    {
        while (Interlocked.Increment(ref _next) - 1 is var index && index < _end)
        {
            var start = Stopwatch.GetTimestamp();
            await lane(stop).ConfigureAwait(false);
            _ticks[index] = Stopwatch.GetTimestamp() - start;
        }
    }

    /// <summary>One operation at a time, with memory of its own.</summary>
    private sealed class Lane
    {
        private const int Batches = 64;

        private readonly Operation _operation;
        private readonly IParameterWorker _worker;
        private readonly TensorSet _gradients = [];
        private readonly TensorSet _values = [];
        private readonly RowSet[] _rowGradients = [];
        private readonly RowSet[] _rowValues = [];
        private readonly bool _isSparse;
        private int _batch;

        public Lane(BenchRow row, IParameterWorker worker, int seed)
        {
            (_operation, _worker, _isSparse) = (row.Operation, worker, row.IsSparse);
            var (gradient, values) = (Fresh(row.Numbers), Fresh(row.Numbers));
            if (!_isSparse)
            {
                _gradients.Add("w", gradient);
                _values.Add("w", values);
                return;
            }
            var random = new Random(seed);
            var batches = Enumerable.Range(0, Batches).Select(_ => Keys(random, row.Rows)).ToArray();
            _rowGradients = [.. batches.Select(keys => SetOf(keys, gradient))];
            _rowValues = [.. batches.Select(keys => SetOf(keys, values))];
        }

        public ValueTask DoAsync(CancellationToken stop) => (_isSparse, _operation) switch
        {
            (false, Operation.Push) => _worker.PushAsync(_gradients, stop),
            (false, Operation.Pull) => _worker.PullAsync(_values, stop),
            (false, Operation.PushPull) => _worker.PushPullAsync(_gradients, _values, stop),
            (false, _) => PushThenPullAsync(stop),
            (true, Operation.Push) => _worker.PushRowsAsync(_rowGradients[Next()], stop),
            (true, Operation.Pull) => _worker.PullRowsAsync(_rowValues[Next()], stop),
            (true, Operation.PushPull) => PushPullRowsAsync(Next(), stop),
            _ => PushThenPullRowsAsync(Next(), stop),
        };

        private async ValueTask PushThenPullAsync(CancellationToken stop)
        {
            await _worker.PushAsync(_gradients, stop).ConfigureAwait(false);
            await _worker.PullAsync(_values, stop).ConfigureAwait(false);
        }

        private async ValueTask PushThenPullRowsAsync(int batch, CancellationToken stop)
        {
            await _worker.PushRowsAsync(_rowGradients[batch], stop).ConfigureAwait(false);
            await _worker.PullRowsAsync(_rowValues[batch], stop).ConfigureAwait(false);
        }

        private ValueTask PushPullRowsAsync(int batch, CancellationToken stop) =>
            _worker.PushPullRowsAsync(_rowGradients[batch], _rowValues[batch], stop);

        private int Next() => _batch++ % Batches;

        private static RowSet SetOf(long[] keys, float[] rows)
        {
            var set = new RowSet();
            set.Add("t", keys, rows);
            return set;
        }

        private static long[] Keys(Random random, int count)
        {
            var keys = new HashSet<long>();
            while (keys.Count < count) keys.Add(random.Next(BenchRow.TableRows));
            // Other systems ask their callers to sort.
            return [.. keys.Order()];
        }

        // Every page is touched before the clock runs. What a code has to do depends on the numbers: these are spread as gradients are, about normally.
        private static float[] Fresh(int length)
        {
            var (numbers, random) = (new float[length], new Random(1));
            for (var i = 0; i < length; i++) numbers[i] = 1e-6f * (random.NextSingle() + random.NextSingle() + random.NextSingle() - 1.5f);
            return numbers;
        }
    }
}
