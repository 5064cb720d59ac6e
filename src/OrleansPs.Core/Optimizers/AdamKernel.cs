using System.Numerics;
using System.Runtime.CompilerServices;

namespace OrleansPs.Core.Optimizers;

/// <summary>
/// Adam (Kingma and Ba 2015, algorithm 1) and AdamW (Loshchilov and Hutter 2019, algorithm 2), arranged as in PyTorch:
/// m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g g; w -= lr / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + eps).
/// Weight decay is added to g (Adam), or w is first multiplied by 1 - lr weight_decay (AdamW).
/// </summary>
/// <remarks>
/// Streams: reads w, g, m and v, writes w, m and v. The scalars, bias corrections among them, are computed in double and
/// rounded once.
/// </remarks>
internal sealed class AdamKernel(AdamOptimizer optimizer) : OptimizerKernel
{
    public override int StateSlots => 2;

    public override bool CountsUpdates => true;

    public override void Step(
        Span<float> values, ReadOnlySpan<float> gradient, Span<float> slot0, Span<float> slot1, in UpdateContext update)
    {
        var lr = optimizer.Lr * update.LrFactor;
        if (optimizer.Decoupled)
            ElementwiseLoop.Run(new DecoupledRule(optimizer, lr, update.Count), values, gradient, slot0, slot1);
        else
            ElementwiseLoop.Run(new PenaltyRule(optimizer, lr, update.Count), values, gradient, slot0, slot1);
    }

    private readonly struct PenaltyRule(AdamOptimizer optimizer, double lr, long count) : IUpdateRule
    {
        private readonly Moments _moments = new(optimizer, lr, count);
        private readonly WeightDecay _decay = new((float)optimizer.WeightDecay);

        public static int StateSlots => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply(
            ref Vector<float> value, Vector<float> gradient, ref Vector<float> slot0, ref Vector<float> slot1) =>
            value -= _moments.Step(_decay.AddTo(gradient, value), ref slot0, ref slot1);
    }

    private readonly struct DecoupledRule(AdamOptimizer optimizer, double lr, long count) : IUpdateRule
    {
        private readonly Moments _moments = new(optimizer, lr, count);
        private readonly Vector<float> _keep = new((float)(1 - (lr * optimizer.WeightDecay)));

        public static int StateSlots => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply(
            ref Vector<float> value, Vector<float> gradient, ref Vector<float> slot0, ref Vector<float> slot1) =>
            value = (value * _keep) - _moments.Step(gradient, ref slot0, ref slot1);
    }

    private readonly struct Moments(AdamOptimizer optimizer, double lr, long count)
    {
        private readonly Vector<float> _beta1 = new((float)optimizer.Beta1);
        private readonly Vector<float> _share1 = new((float)(1 - optimizer.Beta1));
        private readonly Vector<float> _beta2 = new((float)optimizer.Beta2);
        private readonly Vector<float> _share2 = new((float)(1 - optimizer.Beta2));
        private readonly Vector<float> _stepSize = new((float)(lr / (1 - Math.Pow(optimizer.Beta1, count))));
        private readonly Vector<float> _correction2 = new((float)Math.Sqrt(1 - Math.Pow(optimizer.Beta2, count)));
        private readonly Vector<float> _eps = new((float)optimizer.Eps);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector<float> Step(Vector<float> gradient, ref Vector<float> first, ref Vector<float> second)
        {
            first = (_beta1 * first) + (_share1 * gradient);
            second = (_beta2 * second) + (_share2 * gradient * gradient);
            return _stepSize * first / ((Vector.SquareRoot(second) / _correction2) + _eps);
        }
    }
}
