namespace OrleansPs.Core.Partitioning;

/// <summary>
/// How a model's parameters are cut into blocks: a pure function of the spec's parameters and block size. Parameters are
/// taken in the order of the spec. One that fits shares a block with its neighbours; one that is larger than a block starts
/// a block of its own, fills as many as it needs, and shares the last. Behind them come the shards of the tables, one a block.
/// </summary>
public sealed class BlockLayout
{
    private readonly Dictionary<string, int> _parameters;
    private readonly ParameterPlacement[] _placements;
    private readonly Dictionary<string, int> _tables;
    private readonly int[] _firstShards;

    private BlockLayout(ModelSpec spec, BlockShape[] blocks)
    {
        _tables = new(StringComparer.Ordinal);
        for (var t = 0; t < spec.Tables.Count; t++) _tables.Add(spec.Tables[t].Name, t);
        _firstShards = [.. spec.Tables.Select((_, t) => Array.FindIndex(blocks, b => b.Table == t))];
        Blocks = blocks;
        _parameters = new(StringComparer.Ordinal);
        for (var i = 0; i < spec.Parameters.Count; i++) _parameters.Add(spec.Parameters[i].Name, i);
        _placements = Invert(spec.Parameters.Count, blocks);
    }

    /// <summary>The blocks, by index.</summary>
    public IReadOnlyList<BlockShape> Blocks { get; }

    /// <summary>Lays a valid spec out.</summary>
    public static BlockLayout Create(ModelSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var capacity = spec.BlockBytes / sizeof(float);
        var blocks = new List<BlockShape>();
        var open = new List<Segment>();
        var used = 0;
        for (var p = 0; p < spec.Parameters.Count; p++)
        {
            var length = spec.Parameters[p].Length;
            if (used > 0 && length > capacity - used) Close();
            for (var start = 0; start < length;)
            {
                var take = Math.Min(length - start, capacity - used);
                open.Add(new(p, start, used, take));
                used += take;
                start += take;
                if (used == capacity) Close();
            }
        }
        if (used > 0) Close();
        for (var t = 0; t < spec.Tables.Count; t++)
            for (var shard = 0; shard < spec.Tables[t].Shards; shard++) blocks.Add(new(blocks.Count, 0, []) { Table = t, Shard = shard });
        return new(spec, [.. blocks]);

        void Close()
        {
            blocks.Add(new(blocks.Count, used, [.. open]));
            open.Clear();
            used = 0;
        }
    }

    /// <summary>The index of a parameter in the spec, or -1.</summary>
    public int IndexOf(string parameter) => _parameters.GetValueOrDefault(parameter, -1);

    /// <summary>Where a parameter's pieces are, ascending by their start in the parameter.</summary>
    public ParameterPlacement PlacementOf(int parameter) => _placements[parameter];

    /// <summary>The index of a table in the spec, or -1.</summary>
    public int TableIndexOf(string table) => _tables.GetValueOrDefault(table, -1);

    /// <summary>The block of a table's shard 0; its other shards follow.</summary>
    public int FirstShardOf(int table) => _firstShards[table];

    private static ParameterPlacement[] Invert(int parameters, BlockShape[] blocks)
    {
        var pieces = new List<SegmentAddress>[parameters];
        for (var p = 0; p < parameters; p++) pieces[p] = [];
        foreach (var block in blocks)
            for (var s = 0; s < block.Segments.Count; s++)
                pieces[block.Segments[s].Parameter].Add(new(block.Index, s));
        return [.. pieces.Select(p => new ParameterPlacement(p))];
    }
}

/// <summary>One block's shape.</summary>
/// <param name="Index">Its index in the model.</param>
/// <param name="Length">Its floats.</param>
/// <param name="Segments">Its segments, in order, without gaps; none for a shard of a table, which has no fixed size.</param>
public sealed record BlockShape(int Index, int Length, IReadOnlyList<Segment> Segments)
{
    /// <summary>The index of the table in the spec that this block is a shard of; -1 for dense parameters.</summary>
    public int Table { get; init; } = -1;

    /// <summary>Which shard of its table it is.</summary>
    public int Shard { get; init; }
}

/// <summary>A contiguous piece of one parameter in one block.</summary>
/// <param name="Parameter">The parameter's index in the spec.</param>
/// <param name="Start">The piece's first element in the parameter.</param>
/// <param name="Offset">Its first float in the block.</param>
/// <param name="Length">Its floats.</param>
public readonly record struct Segment(int Parameter, int Start, int Offset, int Length);

/// <summary>A segment by block and index.</summary>
/// <param name="Block">The block.</param>
/// <param name="Index">The segment's index in it.</param>
public readonly record struct SegmentAddress(int Block, int Index);

/// <summary>All pieces of one parameter.</summary>
/// <param name="Pieces">Ascending by their start in the parameter.</param>
public sealed record ParameterPlacement(IReadOnlyList<SegmentAddress> Pieces);
