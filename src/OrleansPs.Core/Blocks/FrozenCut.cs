using OrleansPs.Core.Messages;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Core.Blocks;

/// <summary>
/// A block as it is at an open cut, while the live state goes on. Copy-on-write by segment: a segment is shared with the live
/// state until a push from after the cut is about to change it. Has its own dedupe state, since a push from before the cut
/// may come to the frozen copy and be a duplicate for the live state, or the other way round.
/// </summary>
internal sealed class FrozenCut(long cut, BlockState live, DedupeTable dedupe, long version, long entryIndex)
{
    private readonly BlockState _copy = live.EmptyTwin();
    private readonly bool[] _diverged = new bool[live.Shape.Segments.Count];

    public long Cut { get; } = cut;

    public DedupeTable Dedupe { get; } = dedupe;

    /// <summary>Keeps a segment's present numbers; to be called before the live state changes it on its own.</summary>
    public void Preserve(int segment)
    {
        if (_diverged[segment]) return;
        _copy.CopySegment(live, segment);
        _diverged[segment] = true;
    }

    /// <summary>Whether a segment still is the live one.</summary>
    public bool Shares(int segment) => !_diverged[segment];

    /// <summary>Applies a push from before the cut to a segment that has diverged.</summary>
    public void Update(in SegmentSlice slice, double lrFactor) => _copy.Update(slice.Segment, slice.Values.Span, lrFactor);

    /// <summary>Hands the numbers over; this cut is then done.</summary>
    public BlockImage ToImage(FenceTable fences)
    {
        for (var s = 0; s < _diverged.Length; s++) Preserve(s);
        return _copy.ToImage(version, entryIndex, Dedupe.ToImages(fences));
    }

    public void Release() => _copy.Dispose();
}
