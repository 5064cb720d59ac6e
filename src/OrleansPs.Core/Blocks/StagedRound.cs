using System.Buffers;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Optimizers;
using OrleansPs.Core.Partitioning;

namespace OrleansPs.Core.Blocks;

/// <summary>The contributions to a dense block's open round under BSP, and how they become an update.</summary>
internal sealed class StagedRound(BlockShape shape, int ranks, int window)
    : StagedContributions<StagedRound.DenseContribution>(ranks, window), IStagedRound
{
    /// <summary>Floats reduced and applied at a time, so that a chunk stays in the cache: 32 KiB.</summary>
    private const int Chunk = 8192;

    /// <summary>Applies the contributions that a certificate names, in rank order, and forgets all.</summary>
    public void Apply(Certificate certificate, BlockState state, Reduction reduction, double lrFactor)
    {
        var members = MembersOf(certificate);
        var divisor = reduction == Reduction.Mean ? certificate.Members.Count : 1;
        for (var s = 0; s < shape.Segments.Count; s++) ApplySegment(members, s, state, divisor, lrFactor);
        Clear();
    }

    /// <summary>Whether a certificate's members contribute anything to a segment.</summary>
    public bool Touches(Certificate certificate, int segment)
    {
        foreach (var c in MembersOf(certificate))
            if (c.Touched[segment]) return true;
        return false;
    }

    public IReadOnlyList<StagedImage> ToImages() =>
        [.. All().Select(x => new StagedImage(x.Rank, x.Contribution.Incarnation, x.Contribution.NextSequence)
        {
            Touched = x.Contribution.Touched, Sum = CleanSum(x.Contribution),
        })];

    public void Load(IEnumerable<StagedImage> images)
    {
        foreach (var image in images)
        {
            var contribution = Of(image.Rank);
            contribution.Begin(image.Incarnation);
            contribution.NextSequence = image.NextSequence;
            image.Touched.CopyTo(contribution.Touched, 0);
            image.Sum.AsSpan(0, shape.Length).CopyTo(contribution.Sum);
        }
    }

    protected override DenseContribution Create() => new(shape);

    protected override bool HasRoom(DenseContribution? contribution, ReadOnlySpan<SegmentSlice> gradient) => true;

    // Pooled memory holds what others left in it: equal states are to be equal bytes, and to tell nothing else.
    private float[] CleanSum(DenseContribution contribution)
    {
        for (var s = 0; s < shape.Segments.Count; s++)
            if (!contribution.Touched[s]) contribution.Sum.AsSpan(shape.Segments[s].Offset, shape.Segments[s].Length).Clear();
        return contribution.Sum;
    }

    private void ApplySegment(List<DenseContribution> members, int segment, BlockState state, int divisor, double lrFactor)
    {
        if (state.IsFrozen(segment)) return;
        var first = members.FindIndex(c => c.Touched[segment]);
        if (first < 0) return;
        var (offset, length) = (shape.Segments[segment].Offset, shape.Segments[segment].Length);
        var count = ++state.Updates[segment];
        for (var at = 0; at < length; at += Chunk)
        {
            var n = Math.Min(Chunk, length - at);
            var sum = members[first].Sum.AsSpan(offset + at, n);
            for (var m = first + 1; m < members.Count; m++)
                if (members[m].Touched[segment]) GradientMath.Add(sum, members[m].Sum.AsSpan(offset + at, n));
            if (divisor > 1) GradientMath.Divide(sum, divisor);
            state.Update(segment, at, sum, lrFactor, count);
        }
    }

    /// <summary>One rank's sum over the whole block, and which segments it has touched.</summary>
    internal sealed class DenseContribution(BlockShape shape) : Contribution
    {
        public float[] Sum { get; } = ArrayPool<float>.Shared.Rent(shape.Length);

        public bool[] Touched { get; } = new bool[shape.Segments.Count];

        public override void Add(ReadOnlySpan<SegmentSlice> gradient)
        {
            foreach (var slice in gradient) Add(shape.Segments[slice.Segment].Offset, slice);
        }

        public override void Release() => ArrayPool<float>.Shared.Return(Sum);

        protected override void Clear() => Array.Clear(Touched);

        private void Add(int offset, in SegmentSlice slice)
        {
            var gradient = slice.Values.Span;
            var sum = Sum.AsSpan(offset, gradient.Length);
            if (Touched[slice.Segment]) GradientMath.Add(sum, gradient);
            else gradient.CopyTo(sum);
            Touched[slice.Segment] = true;
        }
    }
}
