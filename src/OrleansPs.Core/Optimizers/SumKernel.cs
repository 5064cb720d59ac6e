using System.Numerics;
using System.Runtime.CompilerServices;

namespace OrleansPs.Core.Optimizers;

/// <summary>w += g. Streams: reads w and g, writes w.</summary>
internal sealed class SumKernel : OptimizerKernel
{
    public override int StateSlots => 0;

    public override bool CountsUpdates => false;

    public override void Step(
        Span<float> values, ReadOnlySpan<float> gradient, Span<float> slot0, Span<float> slot1, in UpdateContext update) =>
        ElementwiseLoop.Run(default(Rule), values, gradient, default, default);

    private readonly struct Rule : IUpdateRule
    {
        public static int StateSlots => 0;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply(
            ref Vector<float> value, Vector<float> gradient, ref Vector<float> slot0, ref Vector<float> slot1) =>
            value += gradient;
    }
}
