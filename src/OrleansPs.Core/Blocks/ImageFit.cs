using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Core.Blocks;

/// <summary>
/// Holds images against the layout that a spec gives, before a block is made of one. Each chunk may be whole and the set of
/// them still be of another layout.
/// </summary>
public static class ImageFit
{
    /// <summary>The first thing that does not fit, as a sentence; null if the images are the model's blocks.</summary>
    /// <param name="spec">The model's spec, valid.</param>
    /// <param name="layout">Its layout.</param>
    /// <param name="images">The images, by block.</param>
    public static string? FirstMisfit(ModelSpec spec, BlockLayout layout, IReadOnlyList<BlockImage> images)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(images);
        if (images.Count != layout.Blocks.Count)
            return $"it has {images.Count} blocks, and the spec's layout has {layout.Blocks.Count}.";
        for (var b = 0; b < images.Count; b++)
            if (Misfit(spec, layout.Blocks[b], images[b]) is { } misfit) return $"block {b} {misfit}";
        return null;
    }

    /// <summary>What does not fit about one image, as the rest of a sentence that begins with its name; null if it is the block.</summary>
    /// <param name="spec">The model's spec, valid.</param>
    /// <param name="shape">The block's shape.</param>
    /// <param name="image">The image.</param>
    public static string? Misfit(ModelSpec spec, BlockShape shape, BlockImage image)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(image);
        if (image.Block != shape.Index) return $"is block {image.Block}.";
        if (image.Length != shape.Length) return $"has {image.Length} floats, and the layout {shape.Length}.";
        var pieces = image.Segments.Select(s => new Segment(s.Parameter, s.Start, s.Offset, s.Length));
        if (!pieces.SequenceEqual(shape.Segments)) return "has other segments than the layout.";
        var slots = SegmentRule.For(spec, shape).Max(r => r.Kernel.StateSlots);
        if ((slots > 0 && image.Slot0 is null) || (slots > 1 && image.Slot1 is null)) return "lacks optimizer state.";
        var words = (spec.PushesPerStep + 63) / 64;
        return image.Dedupe.All(d => d.Bits.Length == words) ? null : "has dedupe state of another window.";
    }
}
