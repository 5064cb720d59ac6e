using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;
using OrleansPs.Core.Tables;

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
        var words = (spec.PushesPerStep + 63) / 64;
        if (image.Dedupe.Any(d => d.Bits.Length != words)) return "has dedupe state of another window.";
        return shape.Table >= 0 ? MisfitOfRows(spec, shape, image) : MisfitOfValues(spec, shape, image);
    }

    private static string? MisfitOfValues(ModelSpec spec, BlockShape shape, BlockImage image)
    {
        if (image.Rows is not null) return "is a shard of a table, and the layout has dense parameters there.";
        if (image.Length != shape.Length) return $"has {image.Length} floats, and the layout {shape.Length}.";
        var pieces = image.Segments.Select(s => new Segment(s.Parameter, s.Start, s.Offset, s.Length));
        if (!pieces.SequenceEqual(shape.Segments)) return "has other segments than the layout.";
        var slots = SegmentRule.For(spec, shape).Max(r => r.Kernel.StateSlots);
        return (slots > 0 && image.Slot0 is null) || (slots > 1 && image.Slot1 is null) ? "lacks optimizer state." : null;
    }

    private static string? MisfitOfRows(ModelSpec spec, BlockShape shape, BlockImage image)
    {
        if (image.Rows is not { } rows) return "has dense parameters, and the layout a shard of a table.";
        if (rows.BaseCut >= 0) return $"is a delta of cut {rows.BaseCut}, and not whole.";
        var rules = new RowRules(spec, shape);
        var layout = rules.Layout;
        if (rows.Width != layout.Width) return $"has rows of width {rows.Width}, and the table {layout.Width}.";
        if (rows.StateFloats != layout.State || rows.CountsUpdates != layout.Counts || rows.Ages != layout.Ages)
            return "has rows with other state than the table's optimizer and lifetime need.";
        if ((rows.Sketch?.Length ?? 0) != rules.SketchBytes) return $"has a sketch of {rows.Sketch?.Length ?? 0} bytes, and the table {rules.SketchBytes}.";
        var shards = spec.Tables[shape.Table].Shards;
        for (var i = 0; i < rows.Count; i++)
            if (KeyHash.Shard(KeyHash.Of(rows.Keys[i]), shards) != shape.Shard) return $"has key {rows.Keys[i]}, which belongs to another shard.";
        return null;
    }
}
