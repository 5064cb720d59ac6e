using System.Runtime.InteropServices;
using OrleansPs.Core.Compression;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Core.Blocks;

/// <summary>The body of a block of dense parameters: one vector, cut into segments.</summary>
internal sealed class DenseBody(ModelSpec spec, BlockShape shape, BlockImage? image) : BlockBody
{
    private readonly BlockState _state = image is null ? BlockState.Create(spec, shape) : BlockState.From(spec, shape, image);
    private readonly StagedRound _staged = new(shape, spec.RankLimit, spec.PushesPerStep);
    private readonly GradientCompressionMode[] _pullModes = PullModesOf(spec, shape);
    private FrozenSegments? _frozen;

    public override long Bytes => _state.Bytes;

    public override IStagedRound Staged => _staged;

    public override IReadOnlyList<GradientCompressionMode> PullModes => _pullModes;

    public override void Read(ReadOnlySpan<SegmentSlice> values)
    {
        foreach (var slice in values) _state.Values(slice.Segment).CopyTo(slice.Values.Span);
    }

    public override void Pull(ReadOnlySpan<SegmentSlice> values)
    {
        foreach (var slice in values)
        {
            var mode = PullModeOf(slice.Segment);
            if (slice.Code.IsPresent) PullCodec.Encode(mode, _state.Values(slice.Segment), MemoryMarshal.AsMemory(slice.Code.Bytes).Span);
            else PullCodec.Copy(mode, _state.Values(slice.Segment), slice.Values.Span);
        }
    }

    public override string? MisfitOfPull(ReadOnlySpan<SegmentSlice> slices)
    {
        foreach (ref readonly var slice in slices)
            if ((slice.Code.IsPresent ? MisfitOfCode(slice) : Misfit(new(in slice))) is { } misfit) return misfit;
        return null;
    }

    public override string? Misfit(ReadOnlySpan<SegmentSlice> slices)
    {
        foreach (var slice in slices)
            if (slice.Values.Length != shape.Segments[slice.Segment].Length || slice.Keys.Length > 0)
                return $"Segment {slice.Segment} of block {shape.Index} is not {slice.Values.Length} floats with {slice.Keys.Length} keys.";
        return null;
    }

    public override void Update(ReadOnlySpan<SegmentSlice> gradient, in PushMoment moment)
    {
        foreach (var slice in gradient)
        {
            _frozen?.Preserve(slice.Segment);
            _state.Update(slice.Segment, slice.Values.Span, moment.LrFactor);
        }
    }

    public override void UpdateBeforeCut(ReadOnlySpan<SegmentSlice> gradient, in PushMoment moment, bool live)
    {
        foreach (var slice in gradient)
        {
            if (_frozen is not null && !_frozen.Shares(slice.Segment)) _frozen.Update(slice, moment.LrFactor);
            if (live) _state.Update(slice.Segment, slice.Values.Span, moment.LrFactor);
        }
    }

    public override void Close(Certificate certificate, in PushMoment moment)
    {
        if (_frozen is not null)
            for (var s = 0; s < _state.Shape.Segments.Count; s++)
                if (_staged.Touches(certificate, s)) _frozen.Preserve(s);
        _staged.Apply(certificate, _state, spec.Reduction, moment.LrFactor);
    }

    public override void Freeze()
    {
        _frozen?.Release();
        _frozen = new(_state);
    }

    public override void Thaw()
    {
        _frozen?.Release();
        _frozen = null;
    }

    public override BlockImage TakeFrozen(in ImageMark mark)
    {
        var taken = _frozen!.ToImage(mark);
        _frozen = null;
        return taken;
    }

    public override BlockImage ToImage(in ImageMark mark) => _state.ToImage(mark.Version, mark.EntryIndex, mark.Dedupe);

    private GradientCompressionMode PullModeOf(int segment) => _pullModes.Length == 0 ? GradientCompressionMode.None : _pullModes[segment];

    private string? MisfitOfCode(in SegmentSlice slice)
    {
        var (mode, length) = (PullModeOf(slice.Segment), shape.Segments[slice.Segment].Length);
        return slice.Code.Mode == mode && slice.Code.Length == length && slice.Code.Bytes.Length == PullCodec.BytesOf(mode, length) ? null
            : $"Segment {slice.Segment} of block {shape.Index} is not {slice.Code.Length} floats in {slice.Code.Bytes.Length} bytes of {slice.Code.Mode}.";
    }

    private static GradientCompressionMode[] PullModesOf(ModelSpec spec, BlockShape shape)
    {
        GradientCompressionMode[] modes = [.. shape.Segments.Select(s => spec.PullCompressionOf(spec.Parameters[s.Parameter]).Mode)];
        return Array.TrueForAll(modes, mode => mode == GradientCompressionMode.None) ? [] : modes;
    }

    public override void Release()
    {
        _frozen?.Release();
        _staged.Release();
        _state.Dispose();
    }
}
