using OrleansPs.Core.Messages;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Core.Blocks;

/// <summary>
/// A dense block's numbers as they are at an open cut, while the live state goes on. Copy-on-write by segment: a segment is shared
/// with the live state until a push from after the cut is about to change it.
/// </summary>
internal sealed class FrozenSegments(BlockState live)
{
    private readonly BlockState _copy = live.EmptyTwin();
    private readonly bool[] _diverged = new bool[live.Shape.Segments.Count];

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

    /// <summary>Hands the numbers over; this object is then done.</summary>
    public BlockImage ToImage(in ImageMark mark)
    {
        for (var s = 0; s < _diverged.Length; s++) Preserve(s);
        return _copy.ToImage(mark.Version, mark.EntryIndex, mark.Dedupe);
    }

    public void Release() => _copy.Dispose();
}
