using System.Numerics;
using System.Runtime.CompilerServices;

namespace OrleansPs.Core.Optimizers;

/// <summary>
/// RMSprop (Hinton, "Neural Networks for Machine Learning", lecture 6e, 2012; centered: Graves 2013, equations 38 to 42), arranged as in
/// PyTorch: d = g + weight_decay w; v = alpha v + (1 - alpha) d d; r = sqrt(v) + eps; w -= lr d / r, or with momentum
/// b = momentum b + d / r; w -= lr b. Centered: a = alpha a + (1 - alpha) d; r = sqrt(v - a a) + eps.
/// </summary>
/// <remarks>
/// Streams: reads w, g and v, writes w and v; with momentum or centered also reads and writes b or a. v - a a, which is a
/// variance, is taken as 0 where rounding makes it negative; PyTorch gives NaN there.
/// </remarks>
internal sealed class RmsPropKernel(RmsPropOptimizer optimizer) : OptimizerKernel
{
    public override int StateSlots => optimizer.Momentum != 0 || optimizer.Centered ? 2 : 1;

    public override bool CountsUpdates => false;

    public override void Step(
        Span<float> values, ReadOnlySpan<float> gradient, Span<float> slot0, Span<float> slot1, in UpdateContext update)
    {
        var common = new Common(optimizer, (float)(optimizer.Lr * update.LrFactor));
        if (optimizer.Centered) ElementwiseLoop.Run(new CenteredRule(common), values, gradient, slot0, slot1);
        else if (StateSlots == 2)
            ElementwiseLoop.Run(new MomentumRule(common, (float)optimizer.Momentum), values, gradient, slot0, slot1);
        else ElementwiseLoop.Run(new PlainRule(common), values, gradient, slot0, default);
    }

    private readonly struct Common(RmsPropOptimizer optimizer, float lr)
    {
        private readonly Vector<float> _alpha = new((float)optimizer.Alpha);
        private readonly Vector<float> _share = new((float)(1 - optimizer.Alpha));
        private readonly Vector<float> _eps = new((float)optimizer.Eps);
        private readonly WeightDecay _decay = new((float)optimizer.WeightDecay);

        public Vector<float> Lr { get; } = new(lr);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector<float> Direction(Vector<float> gradient, Vector<float> value) => _decay.AddTo(gradient, value);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector<float> Average(Vector<float> average, Vector<float> sample) => (_alpha * average) + (_share * sample);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector<float> Root(Vector<float> square) => Vector.SquareRoot(square) + _eps;
    }

    private readonly struct PlainRule(Common common) : IUpdateRule
    {
        private readonly Common _common = common;

        public static int StateSlots => 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply(
            ref Vector<float> value, Vector<float> gradient, ref Vector<float> slot0, ref Vector<float> slot1)
        {
            var direction = _common.Direction(gradient, value);
            slot0 = _common.Average(slot0, direction * direction);
            value -= _common.Lr * direction / _common.Root(slot0);
        }
    }

    private readonly struct MomentumRule(Common common, float momentum) : IUpdateRule
    {
        private readonly Common _common = common;
        private readonly Vector<float> _momentum = new(momentum);

        public static int StateSlots => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply(
            ref Vector<float> value, Vector<float> gradient, ref Vector<float> slot0, ref Vector<float> slot1)
        {
            var direction = _common.Direction(gradient, value);
            slot0 = _common.Average(slot0, direction * direction);
            slot1 = (_momentum * slot1) + (direction / _common.Root(slot0));
            value -= _common.Lr * slot1;
        }
    }

    private readonly struct CenteredRule(Common common) : IUpdateRule
    {
        private readonly Common _common = common;

        public static int StateSlots => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply(
            ref Vector<float> value, Vector<float> gradient, ref Vector<float> slot0, ref Vector<float> slot1)
        {
            var direction = _common.Direction(gradient, value);
            slot0 = _common.Average(slot0, direction * direction);
            slot1 = _common.Average(slot1, direction);
            var variance = slot0 - (slot1 * slot1);
            variance = Vector.ConditionalSelect(Vector.LessThan(variance, Vector<float>.Zero), Vector<float>.Zero, variance);
            value -= _common.Lr * direction / _common.Root(variance);
        }
    }
}
