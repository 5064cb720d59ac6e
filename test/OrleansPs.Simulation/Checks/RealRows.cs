using System.Collections.Immutable;

namespace OrleansPs.Simulation;

/// <summary>
/// The real table after a round, worked out from the record alone: which keys have a row, since when, and with which bits. Immutable.
/// </summary>
internal sealed class RealRows
{
    private readonly RowLifetime _lifetime;
    private readonly ImmutableDictionary<long, Row> _rows;
    private readonly ImmutableDictionary<long, int> _pushes;

    private RealRows(RowLifetime lifetime, ImmutableDictionary<long, Row> rows, ImmutableDictionary<long, int> pushes) =>
        (_lifetime, _rows, _pushes) = (lifetime, rows, pushes);

    public RealRows(RowLifetime? lifetime)
        : this(lifetime ?? new(), ImmutableDictionary<long, Row>.Empty, ImmutableDictionary<long, int>.Empty)
    {
    }

    /// <summary>A key's row once so many rounds are closed; null if it has none.</summary>
    public Row? At(long key, long rounds) =>
        _rows.GetValueOrDefault(key) is { } row && (_lifetime.TimeToLive == 0 || rounds - 1 - row.Touched <= _lifetime.TimeToLive) ? row : null;

    /// <summary>
    /// Closes a round: the sum over ranks, in rank order, of each rank's sum over its pushes, in their order; given to SGD with momentum.
    /// </summary>
    public RealRows Next(long round, IEnumerable<IEnumerable<(long Key, float[] Row)>> byRank)
    {
        var total = new Dictionary<long, float[]>();
        foreach (var rank in byRank)
        {
            var own = new Dictionary<long, float[]>();
            foreach (var (key, row) in rank) Add(own, key, row);
            foreach (var (key, row) in own) Add(total, key, row);
        }
        var (rows, pushes) = (_rows.ToBuilder(), _pushes.ToBuilder());
        foreach (var (key, gradient) in total)
        {
            var before = At(key, round + 1);
            if (before is null && (pushes[key] = pushes.GetValueOrDefault(key) + 1) < _lifetime.AdmitAfter) continue;
            rows[key] = Step(before, gradient, round);
        }
        return new(_lifetime, rows.ToImmutable(), pushes.ToImmutable());
    }

    private static Row Step(Row? before, float[] gradient, long round)
    {
        var (values, buffer) = (new float[gradient.Length], new float[gradient.Length]);
        for (var i = 0; i < gradient.Length; i++)
        {
            buffer[i] = before is null ? gradient[i] : ((float)History.Momentum * before.Buffer[i]) + ((float)(1 - History.Dampening) * gradient[i]);
            values[i] = (before?.Values[i] ?? 0) - buffer[i];
        }
        return new(values, buffer, round);
    }

    private static void Add(Dictionary<long, float[]> sums, long key, float[] row)
    {
        if (!sums.TryGetValue(key, out var sum)) sums.Add(key, [.. row]);
        else
            for (var i = 0; i < row.Length; i++) sum[i] += row[i];
    }

    internal sealed record Row(float[] Values, float[] Buffer, long Touched);
}
