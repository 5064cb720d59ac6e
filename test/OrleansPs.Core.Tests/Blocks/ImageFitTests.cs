using OrleansPs.Core.Blocks;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Core.Tests.Blocks;

/// <summary>Images are held against the layout before blocks are made of them, and what does not fit is named.</summary>
public class ImageFitTests
{
    private static readonly ModelSpec s_spec = new("fit")
    {
        Parameters = [new("a", [1000]), new("b", [24]), new("c", [7])],
        Optimizer = Optimizer.Adam(),
        BlockBytes = 4096,
        PushesPerStep = 65,
    };

    private static readonly BlockLayout s_layout = BlockLayout.Create(s_spec);

    [Fact]
    public void The_images_of_a_model_fit_it() => Assert.Null(Misfit(Image(0), Image(1)));

    [Fact]
    public void Every_misfit_is_named()
    {
        Assert.Equal("it has 1 blocks, and the spec's layout has 2.", Misfit(Image(0)));
        Assert.Equal("block 0 is block 1.", Misfit(Image(1), Image(0)));
        Assert.Equal("block 1 has 8 floats, and the layout 7.", Misfit(Image(0), Image(1, length: 8)));
        Assert.Equal("block 1 has other segments than the layout.", Misfit(Image(0), Image(1, segments: [new(2, 1, 0, 7, 0)])));
        Assert.Equal("block 1 has other segments than the layout.", Misfit(Image(0), Image(1, segments: [])));
        Assert.Equal("block 0 lacks optimizer state.", Misfit(Image(0, slots: 1), Image(1)));
        Assert.Equal("block 1 lacks optimizer state.", Misfit(Image(0), Image(1, slots: 0)));
        Assert.Equal("block 0 has dedupe state of another window.", Misfit(Image(0, window: 1), Image(1)));
    }

    [Fact]
    public void State_that_an_optimizer_does_not_need_may_be_absent()
    {
        var momentum = s_spec with { Optimizer = Optimizer.Sgd(momentum: 0.9) };
        Assert.Null(ImageFit.FirstMisfit(momentum, s_layout, [Image(0, slots: 1), Image(1, slots: 1)]));
        Assert.NotNull(ImageFit.FirstMisfit(momentum, s_layout, [Image(0, slots: 1), Image(1, slots: 0)]));
        var plain = s_spec with { Optimizer = Optimizer.Sgd() };
        Assert.Null(ImageFit.FirstMisfit(plain, s_layout, [Image(0, slots: 0), Image(1, slots: 0)]));
    }

    private static string? Misfit(params BlockImage[] images) => ImageFit.FirstMisfit(s_spec, s_layout, images);

    private static BlockImage Image(int block, int? length = null, SegmentImage[]? segments = null, int slots = 2, int window = 2)
    {
        var shape = s_layout.Blocks[block];
        return new()
        {
            Block = block,
            Length = length ?? shape.Length,
            Version = 0,
            EntryIndex = 0,
            Values = new float[shape.Length],
            Slot0 = slots > 0 ? new float[shape.Length] : null,
            Slot1 = slots > 1 ? new float[shape.Length] : null,
            Segments = segments ?? [.. shape.Segments.Select(s => new SegmentImage(s.Parameter, s.Start, s.Offset, s.Length, 3))],
            Dedupe = [new(0, 1, 2, new ulong[window])],
        };
    }
}
