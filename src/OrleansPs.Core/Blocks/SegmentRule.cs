using OrleansPs.Core.Optimizers;
using OrleansPs.Core.Partitioning;

namespace OrleansPs.Core.Blocks;

/// <summary>How the gradients of one segment change it.</summary>
/// <param name="Segment">Which piece of which parameter.</param>
/// <param name="Kernel">Its optimizer's arithmetic.</param>
/// <param name="Frozen">Whether it never changes.</param>
internal readonly record struct SegmentRule(Segment Segment, OptimizerKernel Kernel, bool Frozen)
{
    public static SegmentRule[] For(ModelSpec spec, BlockShape shape)
    {
        var kernels = new Dictionary<int, OptimizerKernel>();
        var rules = new SegmentRule[shape.Segments.Count];
        for (var i = 0; i < rules.Length; i++)
        {
            var segment = shape.Segments[i];
            var parameter = spec.Parameters[segment.Parameter];
            if (!kernels.TryGetValue(segment.Parameter, out var kernel))
                kernels.Add(segment.Parameter, kernel = OptimizerKernel.For(spec.OptimizerOf(parameter)));
            rules[i] = new(segment, kernel, spec.GroupOf(parameter)?.Frozen ?? false);
        }
        return rules;
    }
}
