using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;

namespace OrleansPs.Client;

/// <summary>Maps tensor sets to blocks. Frozen parameters are left out of pushes: the service would ignore them.</summary>
internal sealed class Planner
{
    private readonly ModelSpec _spec;
    private readonly BlockLayout _layout;
    private readonly bool[] _frozen;

    public Planner(ModelSpec spec)
    {
        _spec = spec;
        _layout = BlockLayout.Create(spec);
        _frozen = [.. spec.Parameters.Select(p => spec.GroupOf(p) is { Frozen: true })];
    }

    public BlockLayout Layout => _layout;

    /// <summary>Works out a plan; either set may be null, not both.</summary>
    /// <exception cref="UnknownParameterException">A name is not in the spec.</exception>
    /// <exception cref="ShapeMismatchException">A length is not the parameter's.</exception>
    public TransferPlan Plan(TensorSet? gradients, TensorSet? values)
    {
        var pushed = Slice(gradients, skipFrozen: true);
        var pulled = Slice(values, skipFrozen: false);
        BlockTransfer[] transfers = [.. pushed.Keys.Union(pulled.Keys).Order().Select(block =>
            new BlockTransfer(block, Ordered(pushed, block), Ordered(pulled, block)))];
        return new(transfers, MemoryOf(gradients), MemoryOf(values)) { Compressed = CompressedGradient.Find(_spec, _layout, gradients, transfers) };
    }

    private Dictionary<int, List<SegmentSlice>> Slice(TensorSet? set, bool skipFrozen)
    {
        var slices = new Dictionary<int, List<SegmentSlice>>();
        foreach (var (name, memory) in set ?? [])
        {
            var parameter = Find(name, memory.Length);
            if (skipFrozen && _frozen[parameter]) continue;
            foreach (var piece in _layout.PlacementOf(parameter).Pieces) Add(slices, piece, memory);
        }
        return slices;
    }

    private void Add(Dictionary<int, List<SegmentSlice>> slices, SegmentAddress piece, Memory<float> memory)
    {
        if (!slices.TryGetValue(piece.Block, out var list)) slices.Add(piece.Block, list = []);
        var segment = _layout.Blocks[piece.Block].Segments[piece.Index];
        list.Add(new(piece.Index, memory.Slice(segment.Start, segment.Length)));
    }

    private int Find(string name, int length)
    {
        var parameter = _layout.IndexOf(name);
        if (parameter < 0) throw new UnknownParameterException(name, _spec.Parameters.Select(p => p.Name));
        var expected = _spec.Parameters[parameter];
        return expected.Length == length
            ? parameter
            : throw new ShapeMismatchException(name, expected.ShapeText, expected.Length, length);
    }

    private static SegmentSlice[] Ordered(Dictionary<int, List<SegmentSlice>> slices, int block) =>
        slices.TryGetValue(block, out var list) ? [.. list.OrderBy(s => s.Segment)] : [];

    private static Memory<float>[] MemoryOf(TensorSet? set) => set is null ? [] : [.. set.Select(t => t.Value)];
}
