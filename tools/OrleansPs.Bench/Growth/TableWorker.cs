namespace OrleansPs.Bench;

/// <summary>Pushes and pulls batches of random rows of a table that is filled.</summary>
internal sealed class TableWorker
{
    private const int Batches = 32;

    private readonly IParameterWorker _worker;
    private readonly long _rows;
    private readonly int _width;
    private readonly int _batch;
    private readonly RowSet[] _gradients;
    private readonly RowSet[] _values;

    public TableWorker(IParameterWorker worker, long rows, int width, int batch)
    {
        (_worker, _rows, _width, _batch) = (worker, rows, width, batch);
        var random = new Random(1);
        var keys = Enumerable.Range(0, Batches).Select(_ => Keys(random)).ToArray();
        _gradients = [.. keys.Select(SetOf)];
        _values = [.. keys.Select(SetOf)];
    }

    public static ModelSpec Spec(int width, int batch) => new("growth-rows")
    {
        Parameters = [],
        Tables = [new("t", width) { MaxRowsPerStep = 64 * batch }],
        Optimizer = Optimizer.Sgd(lr: 1e-3),
        Consistency = ConsistencyPolicy.Asynchronous,
        Durability = DurabilityPolicy.Snapshot(),
        PushesPerStep = 64,
        Lease = TimeSpan.FromMinutes(10),
    };

    /// <summary>Pushes every row once.</summary>
    public async Task FillAsync(CancellationToken stop)
    {
        var keys = new long[_batch];
        var rows = SetOf(keys);
        for (var first = 0L; first < _rows; first += _batch)
        {
            for (var i = 0; i < keys.Length; i++) keys[i] = first + i;
            await _worker.PushRowsAsync(rows, stop).ConfigureAwait(false);
            await ClockAsync(stop).ConfigureAwait(false);
        }
    }

    public async Task PushAsync(int pushes, CancellationToken stop)
    {
        for (var i = 0; i < pushes; i++)
        {
            await _worker.PushRowsAsync(_gradients[i % Batches], stop).ConfigureAwait(false);
            if (i % 64 == 63) await ClockAsync(stop).ConfigureAwait(false);
        }
        await ClockAsync(stop).ConfigureAwait(false);
    }

    public async Task PullAsync(int pulls, CancellationToken stop)
    {
        for (var i = 0; i < pulls; i++) await _worker.PullRowsAsync(_values[i % Batches], stop).ConfigureAwait(false);
    }

    /// <summary>What the silos take of the machine's memory, once some pushes have made them take their buffers.</summary>
    public async Task<long> SettledMemoryAsync(Silos silos, CancellationToken stop)
    {
        await PushAsync(2 * Batches, stop).ConfigureAwait(false);
        return silos.Processes.Sum(process =>
        {
            process.Refresh();
            return process.WorkingSet64;
        });
    }

    private async Task ClockAsync(CancellationToken stop) => await _worker.ClockAsync(_worker.Position.Step + 1, stop).ConfigureAwait(false);

    private RowSet SetOf(long[] keys)
    {
        var (set, rows) = (new RowSet(), new float[keys.Length * _width]);
        Array.Fill(rows, 1e-6f);
        set.Add("t", keys, rows);
        return set;
    }

    private long[] Keys(Random random)
    {
        if (_rows == _batch) return [.. Enumerable.Range(0, _batch).Select(i => (long)i)];
        var keys = new HashSet<long>();
        while (keys.Count < _batch) keys.Add(random.NextInt64(_rows));
        return [.. keys];
    }
}
