using System.Buffers;
using OrleansPs.Core.Optimizers;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Core.Blocks;

/// <summary>
/// The numbers of one block: values, optimizer state and update counts, segment by segment. Owns pooled arrays, each of at
/// least the block's length.
/// </summary>
internal sealed class BlockState : IDisposable
{
    private readonly SegmentRule[] _rules;
    private readonly float[]? _slot0;
    private readonly float[]? _slot1;
    private readonly float[] _values;

    private BlockState(BlockShape shape, SegmentRule[] rules, float[] values, float[]? slot0, float[]? slot1)
    {
        Shape = shape;
        _rules = rules;
        _values = values;
        _slot0 = slot0;
        _slot1 = slot1;
        Updates = new long[rules.Length];
    }

    public BlockShape Shape { get; }

    /// <summary>The bytes of values and optimizer state.</summary>
    public long Bytes => (1L + (_slot0 is null ? 0 : 1) + (_slot1 is null ? 0 : 1)) * Shape.Length * sizeof(float);

    /// <summary>How many updates each segment has had.</summary>
    public long[] Updates { get; }

    /// <summary>A block with its first values.</summary>
    public static BlockState Create(ModelSpec spec, BlockShape shape)
    {
        var state = Empty(shape, SegmentRule.For(spec, shape));
        foreach (var segment in shape.Segments)
        {
            var parameter = spec.Parameters[segment.Parameter];
            Initializing.Fill(parameter.Initializer, spec.Seed, parameter.Name, parameter.Shape, segment.Start,
                state._values.AsSpan(segment.Offset, segment.Length));
        }
        state.InitializeSlots();
        return state;
    }

    /// <summary>A block as an image has it. The image stays its owner's.</summary>
    public static BlockState From(ModelSpec spec, BlockShape shape, BlockImage image)
    {
        var state = Empty(shape, SegmentRule.For(spec, shape));
        image.Values.AsSpan(0, shape.Length).CopyTo(state._values);
        image.Slot0?.AsSpan(0, shape.Length).CopyTo(state._slot0);
        image.Slot1?.AsSpan(0, shape.Length).CopyTo(state._slot1);
        for (var i = 0; i < image.Segments.Count; i++) state.Updates[i] = image.Segments[i].Updates;
        return state;
    }

    /// <summary>An equally shaped block with undefined numbers, to copy segments into.</summary>
    public BlockState EmptyTwin() => Empty(Shape, _rules);

    public ReadOnlySpan<float> Values(int segment) => Slice(_values, segment);

    /// <summary>Applies one update to one segment.</summary>
    public void Update(int segment, ReadOnlySpan<float> gradient, double lrFactor)
    {
        if (_rules[segment].Frozen) return;
        Update(segment, 0, gradient, lrFactor, ++Updates[segment]);
    }

    /// <summary>Applies a piece of an update to a segment, from an element on; the caller counts the update.</summary>
    public void Update(int segment, int start, ReadOnlySpan<float> gradient, double lrFactor, long count)
    {
        var kernel = _rules[segment].Kernel;
        var at = _rules[segment].Segment.Offset + start;
        kernel.Step(
            _values.AsSpan(at, gradient.Length), gradient,
            kernel.StateSlots > 0 ? _slot0.AsSpan(at, gradient.Length) : default,
            kernel.StateSlots > 1 ? _slot1.AsSpan(at, gradient.Length) : default,
            new UpdateContext(lrFactor, count));
    }

    public bool IsFrozen(int segment) => _rules[segment].Frozen;

    /// <summary>Copies one segment from a twin, update count included.</summary>
    public void CopySegment(BlockState from, int segment)
    {
        from.Slice(from._values, segment).CopyTo(Slice(_values, segment));
        if (_slot0 is not null) from.Slice(from._slot0!, segment).CopyTo(Slice(_slot0, segment));
        if (_slot1 is not null) from.Slice(from._slot1!, segment).CopyTo(Slice(_slot1, segment));
        Updates[segment] = from.Updates[segment];
    }

    /// <summary>The numbers as an image, which shares this state's arrays.</summary>
    public BlockImage ToImage(long version, long entryIndex, IReadOnlyList<DedupeImage> dedupe) => new()
    {
        Block = Shape.Index,
        Length = Shape.Length,
        Version = version,
        EntryIndex = entryIndex,
        Values = _values,
        Slot0 = _slot0,
        Slot1 = _slot1,
        Segments = [.. Shape.Segments.Select((s, i) =>
            new SegmentImage(s.Parameter, s.Start, s.Offset, s.Length, Updates[i]))],
        Dedupe = dedupe,
    };

    public void Dispose()
    {
        ArrayPool<float>.Shared.Return(_values);
        if (_slot0 is not null) ArrayPool<float>.Shared.Return(_slot0);
        if (_slot1 is not null) ArrayPool<float>.Shared.Return(_slot1);
    }

    // Segments without a slot have zeros there: equal states are equal bytes.
    private void InitializeSlots()
    {
        _slot0?.AsSpan(0, Shape.Length).Clear();
        _slot1?.AsSpan(0, Shape.Length).Clear();
        for (var i = 0; i < _rules.Length; i++)
        {
            var slots = _rules[i].Kernel.StateSlots;
            _rules[i].Kernel.InitializeState(slots > 0 ? Slice(_slot0!, i) : default, slots > 1 ? Slice(_slot1!, i) : default);
        }
    }

    private static BlockState Empty(BlockShape shape, SegmentRule[] rules)
    {
        var slots = rules.Max(r => r.Kernel.StateSlots);
        return new(shape, rules, Rent(), slots > 0 ? Rent() : null, slots > 1 ? Rent() : null);

        float[] Rent() => ArrayPool<float>.Shared.Rent(shape.Length);
    }

    private Span<float> Slice(float[] array, int segment)
    {
        var s = _rules[segment].Segment;
        return array.AsSpan(s.Offset, s.Length);
    }
}
