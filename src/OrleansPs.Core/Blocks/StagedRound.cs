using System.Buffers;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Optimizers;
using OrleansPs.Core.Partitioning;

namespace OrleansPs.Core.Blocks;

/// <summary>
/// The contributions of a block's open round under BSP: for each rank the sum of its pushes, in the order of their
/// sequence. A certificate says which of them count; the rest is thrown away.
/// </summary>
/// <remarks>
/// One round is enough: a worker enters round c with the certificate that closed c - 1 in hand, and its first message to a
/// block carries it.
/// </remarks>
internal sealed class StagedRound(BlockShape shape, int ranks, int window)
{
    /// <summary>Floats reduced and applied at a time, so that a chunk stays in the cache: 32 KiB.</summary>
    private const int Chunk = 8192;

    private readonly Contribution?[] _contributions = new Contribution?[ranks];
    private readonly Stack<Contribution> _spare = new();
    private readonly List<Contribution> _members = [];

    /// <summary>What to do with a push: take it, or answer why not.</summary>
    public BlockStatus Check(int rank, long incarnation, int sequence)
    {
        if (sequence < 0 || sequence >= window) return BlockStatus.WindowExceeded;
        var next = _contributions[rank] is { } c && c.Incarnation == incarnation ? c.NextSequence : 0;
        return sequence < next ? BlockStatus.Duplicate
            : sequence > next ? BlockStatus.OutOfOrder
            : BlockStatus.Ok;
    }

    /// <summary>Adds a checked push to its rank's contribution. A newer incarnation starts afresh.</summary>
    public void Add(int rank, long incarnation, ReadOnlySpan<SegmentSlice> gradient)
    {
        var contribution = _contributions[rank] ??= Rent();
        if (contribution.Incarnation != incarnation) contribution.Begin(incarnation);
        contribution.NextSequence++;
        foreach (var slice in gradient) contribution.Add(shape.Segments[slice.Segment].Offset, slice);
    }

    /// <summary>Applies the contributions that a certificate names, in rank order, and forgets all.</summary>
    public void Apply(Certificate certificate, BlockState state, Reduction reduction, double lrFactor)
    {
        foreach (var member in certificate.Members)
            if (_contributions[member.Rank] is { } c && c.Incarnation == member.Incarnation) _members.Add(c);
        var divisor = reduction == Reduction.Mean ? certificate.Members.Count : 1;
        for (var s = 0; s < shape.Segments.Count; s++) ApplySegment(s, state, divisor, lrFactor);
        _members.Clear();
        Clear();
    }

    /// <summary>Whether a certificate's members contribute anything to a segment.</summary>
    public bool Touches(Certificate certificate, int segment)
    {
        foreach (var member in certificate.Members)
            if (_contributions[member.Rank] is { } c && c.Incarnation == member.Incarnation && c.Touched[segment])
                return true;
        return false;
    }

    /// <summary>The contributions as they are, by rank; their arrays stay this object's.</summary>
    public IReadOnlyList<StagedImage> ToImages() =>
        [.. _contributions.Select((c, rank) => (c, rank)).Where(x => x.c is not null)
            .Select(x => new StagedImage(x.rank, x.c!.Incarnation, x.c.NextSequence, x.c.Touched, CleanSum(x.c)))];

    // Pooled memory holds what others left in it: equal states are to be equal bytes, and to tell nothing else.
    private float[] CleanSum(Contribution contribution)
    {
        for (var s = 0; s < shape.Segments.Count; s++)
            if (!contribution.Touched[s]) contribution.Sum.AsSpan(shape.Segments[s].Offset, shape.Segments[s].Length).Clear();
        return contribution.Sum;
    }

    /// <summary>Takes contributions over; the images stay the caller's.</summary>
    public void Load(IEnumerable<StagedImage> images)
    {
        foreach (var image in images)
        {
            var contribution = _contributions[image.Rank] = Rent();
            contribution.Begin(image.Incarnation);
            contribution.NextSequence = image.NextSequence;
            image.Touched.CopyTo(contribution.Touched, 0);
            image.Sum.AsSpan(0, shape.Length).CopyTo(contribution.Sum);
        }
    }

    /// <summary>Returns all memory.</summary>
    public void Release()
    {
        Clear();
        foreach (var contribution in _spare) ArrayPool<float>.Shared.Return(contribution.Sum);
        _spare.Clear();
    }

    private void ApplySegment(int segment, BlockState state, int divisor, double lrFactor)
    {
        if (state.IsFrozen(segment)) return;
        var first = _members.FindIndex(c => c.Touched[segment]);
        if (first < 0) return;
        var (offset, length) = (shape.Segments[segment].Offset, shape.Segments[segment].Length);
        var count = ++state.Updates[segment];
        for (var at = 0; at < length; at += Chunk)
        {
            var n = Math.Min(Chunk, length - at);
            var sum = _members[first].Sum.AsSpan(offset + at, n);
            for (var m = first + 1; m < _members.Count; m++)
                if (_members[m].Touched[segment]) GradientMath.Add(sum, _members[m].Sum.AsSpan(offset + at, n));
            if (divisor > 1) GradientMath.Divide(sum, divisor);
            state.Update(segment, at, sum, lrFactor, count);
        }
    }

    private void Clear()
    {
        for (var rank = 0; rank < _contributions.Length; rank++)
        {
            if (_contributions[rank] is not { } c) continue;
            c.Begin(-1);
            _spare.Push(c);
            _contributions[rank] = null;
        }
    }

    private Contribution Rent() => _spare.TryPop(out var spare)
        ? spare
        : new(ArrayPool<float>.Shared.Rent(shape.Length), shape.Segments.Count);

    private sealed class Contribution(float[] sum, int segments)
    {
        public float[] Sum { get; } = sum;

        public bool[] Touched { get; } = new bool[segments];

        public long Incarnation { get; private set; } = -1;

        public int NextSequence { get; set; }

        public void Begin(long incarnation)
        {
            Incarnation = incarnation;
            NextSequence = 0;
            Array.Clear(Touched);
        }

        public void Add(int offset, in SegmentSlice slice)
        {
            var gradient = slice.Values.Span;
            var sum = Sum.AsSpan(offset, gradient.Length);
            if (Touched[slice.Segment]) GradientMath.Add(sum, gradient);
            else gradient.CopyTo(sum);
            Touched[slice.Segment] = true;
        }
    }
}
