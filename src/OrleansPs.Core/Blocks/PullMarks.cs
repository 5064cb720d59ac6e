using System.Buffers;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Optimizers;
using OrleansPs.Core.Partitioning;

namespace OrleansPs.Core.Blocks;

/// <summary>
/// What a block of dense parameters remembers of each rank's last pull, so that a stale push can be compensated: how many pushes it had
/// applied by then and, where the delay is compensated, its values. See <see cref="StalenessCompensation"/>.
/// </summary>
/// <remarks>It is a part of the replicated state, and of no snapshot. Copies are pooled, one a rank at most.</remarks>
internal sealed class PullMarks
{
    private readonly BlockShape _shape;
    private readonly float _lambda;
    private readonly bool[] _isCompensated;
    private readonly Mark?[] _marks;
    private readonly Mark _present;
    private SegmentSlice[] _compensated = [];
    private long _pushes;

    private PullMarks(ModelSpec spec, BlockShape shape)
    {
        _shape = shape;
        _lambda = (float)spec.Compensation.Lambda;
        _isCompensated = [.. shape.Segments.Select(s => IsCompensated(spec, spec.Parameters[s.Parameter]))];
        _marks = new Mark?[spec.RankLimit];
        _present = NewMark();
    }

    private bool IsDelay => _lambda > 0;

    /// <summary>Those of a block; null where nothing is compensated.</summary>
    public static PullMarks? For(ModelSpec spec, BlockShape shape) =>
        shape.Table >= 0 || spec.Compensation.Mode == CompensationMode.None ? null : new(spec, shape);

    /// <summary>How many floats a mark has of a block: none unless the delay is compensated.</summary>
    public static int FloatsOf(ModelSpec spec, BlockShape shape) =>
        shape.Table < 0 && spec.Compensation.Mode == CompensationMode.DcAsgd ? shape.Length : 0;

    /// <summary>A rank has pulled.</summary>
    public void Set(int rank, BlockBody body)
    {
        var mark = _marks[rank] ??= NewMark();
        mark.Pushes = _pushes;
        body.Read(mark.Slices);
    }

    /// <summary>A push has been applied to the live numbers.</summary>
    public void CountPush() => _pushes++;

    /// <summary>Forgets all pulls: rounds leave no gradient stale.</summary>
    public void Clear()
    {
        foreach (var mark in _marks) mark?.Release();
        Array.Clear(_marks);
        _pushes = 0;
    }

    /// <summary>What the learning rate of a rank's next push is divided by: 1 unless that is how staleness is compensated.</summary>
    public long DivisorOf(int rank) => IsDelay || _marks[rank] is not { } mark ? 1 : Math.Max(1, _pushes - mark.Pushes);

    /// <summary>A rank's gradient as it is to be applied; it is the caller's, or valid until the next call.</summary>
    public ReadOnlySpan<SegmentSlice> Compensate(int rank, ReadOnlySpan<SegmentSlice> gradient, BlockBody body)
    {
        if (!IsDelay || _marks[rank] is not { } mark) return gradient;
        if (_compensated.Length < gradient.Length) _compensated = new SegmentSlice[gradient.Length];
        for (var i = 0; i < gradient.Length; i++) _compensated[i] = Compensate(mark, gradient[i], body);
        return _compensated.AsSpan(0, gradient.Length);
    }

    /// <summary>The marks as they are; their arrays stay this object's.</summary>
    public PullMarksImage ToImage() => new(
        _pushes, [.. _marks.Select((m, rank) => (m, rank)).Where(x => x.m is not null)
            .Select(x => new PullMarkImage(x.rank, x.m!.Pushes, x.m.Values))]);

    /// <summary>Takes marks over; the image stays the caller's.</summary>
    public void Load(PullMarksImage image)
    {
        _pushes = image.Pushes;
        foreach (var rank in image.Ranks)
        {
            var mark = _marks[rank.Rank] ??= NewMark();
            mark.Pushes = rank.Pushes;
            if (IsDelay) rank.Values.AsSpan(0, _shape.Length).CopyTo(mark.Values);
        }
    }

    /// <summary>Returns all pooled memory.</summary>
    public void Release()
    {
        Clear();
        _present.Release();
    }

    private SegmentSlice Compensate(Mark mark, in SegmentSlice slice, BlockBody body)
    {
        if (!_isCompensated[slice.Segment]) return slice;
        var present = _present.Slices.AsSpan(slice.Segment, 1);
        body.Read(present);
        DelayCompensation.Run(present[0].Values.Span, slice.Values.Span, mark.Slices[slice.Segment].Values.Span, _lambda);
        return present[0];
    }

    private static bool IsCompensated(ModelSpec spec, DenseParameter parameter) =>
        spec.OptimizerOf(parameter) is not (SumOptimizer or AssignOptimizer) && spec.GroupOf(parameter) is not { Frozen: true };

    private Mark NewMark()
    {
        if (!IsDelay) return new([], []);
        var values = ArrayPool<float>.Shared.Rent(_shape.Length);
        return new(values, [.. _shape.Segments.Select((s, i) => new SegmentSlice(i, values.AsMemory(s.Offset, s.Length)))]);
    }

    /// <summary>A rank's last pull, with the copy of the block's values and its pieces.</summary>
    private sealed class Mark(float[] values, SegmentSlice[] slices)
    {
        public float[] Values { get; } = values;

        public SegmentSlice[] Slices { get; } = slices;

        public long Pushes { get; set; }

        public void Release()
        {
            if (Values.Length > 0) ArrayPool<float>.Shared.Return(Values);
        }
    }
}

/// <summary>The last pulls of all ranks.</summary>
/// <param name="Pushes">How many pushes the block has applied.</param>
/// <param name="Ranks">Those that have pulled, ascending.</param>
internal sealed record PullMarksImage(long Pushes, IReadOnlyList<PullMarkImage> Ranks)
{
    public static PullMarksImage None { get; } = new(0, []);
}

/// <summary>The last pull of one rank.</summary>
/// <param name="Rank">The rank.</param>
/// <param name="Pushes">How many pushes the block had applied.</param>
/// <param name="Values">The block's values then, or none; may be longer than the block.</param>
internal sealed record PullMarkImage(int Rank, long Pushes, float[] Values);
