using System.Numerics;
using System.Runtime.CompilerServices;

namespace OrleansPs.Core.Optimizers;

/// <summary>
/// FTRL-Proximal (McMahan et al. 2013, "Ad Click Prediction: a View from the Trenches", algorithm 1, by coordinate):
/// n += g g; h = (beta + sqrt(n)) / alpha; z += g - (h - h before) w; w = 0 if |z| is at most l1, else (sgn(z) l1 - z) / (h + l2).
/// </summary>
/// <remarks>
/// <para>
/// Streams: reads w, g, z and n, writes w, z and n. Where w is not 0 the last line, read backwards, says what h before
/// times w is, and the line for z becomes z = g - sgn(w) l1 - (h + l2) w: the same number, for which neither the former
/// alpha nor the former z is needed. So a learning rate that changes moves no parameter by itself, and a first w that is
/// not 0 is kept, as by z = -sgn(w) l1 - (beta / alpha + l2) w. The stored z is read only where w is 0.
/// </para>
/// <para>
/// Where w stays on its side of 0 all this is w -= g / (h + l2), and computed so: a gradient of 0 changes no bit of w.
/// An alpha of 0 changes nothing, state included. Weight decay, which a group may set, is added to g.
/// </para>
/// </remarks>
internal sealed class FtrlProximalKernel(FtrlProximalOptimizer optimizer) : OptimizerKernel
{
    public override int StateSlots => 2;

    public override bool CountsUpdates => false;

    public override void Step(
        Span<float> values, ReadOnlySpan<float> gradient, Span<float> slot0, Span<float> slot1, in UpdateContext update)
    {
        var alpha = (float)(optimizer.Lr * update.LrFactor);
        ElementwiseLoop.Run(new Rule(optimizer, alpha), values, gradient, slot0, slot1);
    }

    private readonly struct Rule(FtrlProximalOptimizer optimizer, float alpha) : IUpdateRule
    {
        private readonly Vector<float> _alpha = new(alpha);
        private readonly Vector<float> _beta = new((float)optimizer.Beta);
        private readonly Vector<float> _l1 = new((float)optimizer.L1);
        private readonly Vector<float> _l2 = new((float)optimizer.L2);
        private readonly WeightDecay _decay = new((float)optimizer.WeightDecay);
        private readonly bool _isOff = alpha == 0;

        public static int StateSlots => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply(
            ref Vector<float> value, Vector<float> gradient, ref Vector<float> slot0, ref Vector<float> slot1)
        {
            if (_isOff) return;
            var direction = _decay.AddTo(gradient, value);
            slot1 += direction * direction;
            var curvature = ((_beta + Vector.SquareRoot(slot1)) / _alpha) + _l2;
            var isZero = Vector.Equals(value, Vector<float>.Zero);
            var z = Vector.ConditionalSelect(isZero, slot0 + direction, direction - WithSign(_l1, value) - (curvature * value));
            var isWithin = Vector.LessThanOrEqual(Vector.Abs(z), _l1);
            var solution = Vector.ConditionalSelect(isWithin, Vector<float>.Zero, (WithSign(_l1, z) - z) / curvature);
            var step = value - (direction / curvature);
            value = Vector.ConditionalSelect(HaveSameSign(step, value), step, solution);
            slot0 = z;
        }

        private static Vector<float> WithSign(Vector<float> size, Vector<float> sign) =>
            Vector.ConditionalSelect(Vector.LessThan(sign, Vector<float>.Zero), -size, size);

        private static Vector<int> HaveSameSign(Vector<float> a, Vector<float> b) =>
            (Vector.LessThan(a, Vector<float>.Zero) & Vector.LessThan(b, Vector<float>.Zero))
            | (Vector.GreaterThan(a, Vector<float>.Zero) & Vector.GreaterThan(b, Vector<float>.Zero));
    }
}
