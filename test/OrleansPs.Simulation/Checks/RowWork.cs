using OrleansPs.Core.Partitioning;

namespace OrleansPs.Simulation;

/// <summary>
/// What workers do with tables, as pure functions of a seed. The first table is a ledger: a push adds 1 to a row and takes 1 from another,
/// at the element of its number, so that a row says which pushes are in it, and all rows together are 0. The second one, under rounds alone, holds
/// real numbers, whose sum depends on the order of adding, under an optimizer with state and counts, and rows that come late or end.
/// Where pushes come in any order the second one is another ledger, with such rows: what must not be in it is known, and less of what must.
/// </summary>
internal sealed class RowWork
{
    private const string Aged = "aged";
    private const int RealWidth = 3;

    private readonly int _seed;
    private readonly int _size;

    private readonly (int More, int Less)?[] _changes;
    private readonly int _share;

    private RowWork(int seed, int size, long[] keys, RowLifetime? lifetime)
    {
        (_seed, _size, Keys, Lifetime) = (seed, size, keys, lifetime);
        _changes = [.. Enumerable.Range(0, size).Select(DrawChange)];
        // Of many keys a push has few, so that most of a shard is as it was at the cut before.
        _share = Math.Max(3, keys.Length / 2);
    }

    /// <summary>The few keys that there are: workers meet at them.</summary>
    public long[] Keys { get; }

    /// <summary>That of the real table, or of the aged one.</summary>
    public RowLifetime? Lifetime { get; }

    /// <summary>Draws tables for a share of the seeds. Models of the others are what they were before there were tables.</summary>
    public static RowWork? Draw(int seed, int size)
    {
        var random = new Random(seed ^ 0x70b1e);
        if (random.Next(3) != 0) return null;
        var count = random.Next(2, 9);
        if (new Random(seed ^ 0x3a7e).Next(3) == 0) count += 16;
        long[] keys = [.. Enumerable.Range(0, count).Select(_ => random.NextInt64() - (random.NextInt64() / 2)).Distinct()];
        RowLifetime? lifetime = random.Next(4) switch
        {
            0 => new() { AdmitAfter = 2, SketchBytes = 4096 },
            1 => new() { TimeToLive = random.Next(1, 4) },
            2 => new() { AdmitAfter = 2, SketchBytes = 4096, TimeToLive = 2 },
            _ => null,
        };
        return new(seed, size, keys, lifetime);
    }

    /// <summary>The tables of a spec; how many shards they have goes with the block size, so that results may not depend on it.</summary>
    public IReadOnlyList<EmbeddingTable> TablesOf(ModelSpec spec, bool hasReal)
    {
        var shards = 2 + (Array.IndexOf(ModelDraw.Sizes, spec.BlockBytes) % ModelDraw.Sizes.Length);
        var ledger = new EmbeddingTable("ledger", _size) { Shards = Math.Max(1, shards), MaxRowsPerStep = 64 };
        if (!hasReal)
        {
            return Lifetime is null ? [ledger]
                : [ledger, new(Aged, _size) { Shards = Math.Max(1, shards - 1), MaxRowsPerStep = 64, Lifetime = Lifetime }];
        }
        return
            [
                ledger,
                new("real", RealWidth)
                {
                    Shards = Math.Max(1, shards - 1), MaxRowsPerStep = 64, Lifetime = Lifetime,
                    Optimizer = Optimizer.Sgd(lr: 1, History.Momentum, History.Dampening),
                },
            ];
    }

    /// <summary>What a push adds to a row of the ledger at its element: 1, -1, or 0.</summary>
    public int SignOf(int id, long key) => _changes[id] is not { } change ? 0 : key == Keys[change.More] ? 1 : key == Keys[change.Less] ? -1 : 0;

    /// <summary>The rows that a push gives to the real table.</summary>
    public IEnumerable<(long Key, float[] Row)> RealOf(int id)
    {
        var random = new Random((_seed * 37) ^ (id * 32452843));
        foreach (var key in Keys)
        {
            if (random.Next(_share) == 0)
                yield return (key, [.. Enumerable.Range(0, RealWidth).Select(_ => (float)((random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-3, 4))))]);
        }
    }

    /// <summary>Whether a push has rows for a shard.</summary>
    public bool Pushes(ModelSpec spec, int id, BlockShape shape) => shape.Table == 0 || IsAged(spec, shape.Table)
        ? Keys.Any(key => SignOf(id, key) != 0 && IsIn(spec, shape, key))
        : RealOf(id).Any(row => IsIn(spec, shape, row.Key));

    /// <summary>Whether a table is like the ledger, but for rows that come late or end: which ones depends on the order of pushes.</summary>
    public static bool IsAged(ModelSpec spec, int table) => spec.Tables[table].Name == Aged;

    public static bool IsIn(ModelSpec spec, BlockShape shape, long key) =>
        KeyHash.Shard(KeyHash.Of(key), spec.Tables[shape.Table].Shards) == shape.Shard;

    private (int More, int Less)? DrawChange(int id)
    {
        var random = new Random((_seed * 31) ^ (id * 15485863));
        if (random.Next(8) == 0) return null;
        var more = random.Next(Keys.Length);
        return (more, (more + random.Next(1, Keys.Length)) % Keys.Length);
    }

    /// <summary>A push's rows, in an order of its own.</summary>
    public RowSet Gradients(ModelSpec spec, int id)
    {
        var set = new RowSet();
        long[] changed = [.. Keys.Where(key => SignOf(id, key) != 0)];
        var ledger = new float[changed.Length * _size];
        for (var i = 0; i < changed.Length; i++) ledger[(i * _size) + id] = SignOf(id, changed[i]);
        set.Add("ledger", changed, ledger);
        if (spec.Tables.Count == 1) return set;
        if (IsAged(spec, 1))
        {
            set.Add(Aged, changed, ledger);
            return set;
        }
        var real = RealOf(id).ToArray();
        set.Add("real", real.Select(r => r.Key).ToArray(), real.SelectMany(r => r.Row).ToArray());
        return set;
    }

    /// <summary>A row of the ledger as counts: how often each push is in it.</summary>
    public float[] CountsOf(long key, ReadOnlySpan<float> row)
    {
        var counts = row.ToArray();
        for (var id = 0; id < counts.Length; id++)
            if (SignOf(id, key) < 0) counts[id] = -counts[id];
        return counts;
    }
}
