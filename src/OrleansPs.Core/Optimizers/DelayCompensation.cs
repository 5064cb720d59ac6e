using System.Numerics;
using System.Runtime.CompilerServices;

namespace OrleansPs.Core.Optimizers;

/// <summary>
/// The gradient that a stale one stands for (Zheng et al. 2017, equation 10, lambda constant): g + lambda g g (w - w'), where w' is
/// what g was computed from, and g g stands for the Hessian's diagonal.
/// </summary>
/// <remarks>Streams: reads w, g and w', writes the result. Where w is w' the result is g, whatever g is.</remarks>
internal static class DelayCompensation
{
    /// <summary>Computes it in place of the present values.</summary>
    /// <param name="values">w; becomes the gradient to apply.</param>
    /// <param name="gradient">g, of the same length.</param>
    /// <param name="pulled">w', of the same length.</param>
    /// <param name="lambda">How strongly, above 0.</param>
    public static void Run(Span<float> values, ReadOnlySpan<float> gradient, Span<float> pulled, float lambda) =>
        ElementwiseLoop.Run(new Rule(lambda), values, gradient, pulled, default);

    private readonly struct Rule(float lambda) : IUpdateRule
    {
        private readonly Vector<float> _lambda = new(lambda);

        public static int StateSlots => 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply(
            ref Vector<float> value, Vector<float> gradient, ref Vector<float> slot0, ref Vector<float> slot1) =>
            value = gradient + (_lambda * gradient * (gradient * (value - slot0)));
    }
}
