using System.Numerics;
using System.Runtime.CompilerServices;

namespace OrleansPs.Core.Optimizers;

/// <summary>
/// Stochastic gradient descent with PyTorch's semantics: d = g + weight_decay w; the first update sets the momentum
/// buffer b = d, later ones b = momentum b + (1 - dampening) d; then w -= lr b, or lr (d + momentum b) with Nesterov.
/// </summary>
/// <remarks>Streams: reads w and g, writes w; with momentum also reads and writes b.</remarks>
internal sealed class SgdKernel(SgdOptimizer optimizer) : OptimizerKernel
{
    private readonly bool _isPlain = optimizer.Momentum == 0;
    private readonly double _lr = optimizer.Lr;
    private readonly float _decay = (float)optimizer.WeightDecay;

    public override int StateSlots => _isPlain ? 0 : 1;

    public override bool CountsUpdates => optimizer.Momentum != 0;

    public override void Step(
        Span<float> values, ReadOnlySpan<float> gradient, Span<float> slot0, Span<float> slot1, in UpdateContext update)
    {
        var lr = (float)(_lr * update.LrFactor);
        var decay = new WeightDecay(_decay);
        if (_isPlain)
            ElementwiseLoop.Run(new PlainRule(lr, decay), values, gradient, default, default);
        else
            ElementwiseLoop.Run(new MomentumRule(lr, decay, optimizer, update.Count == 1), values, gradient, slot0, default);
    }

    private readonly struct PlainRule(float lr, WeightDecay decay) : IUpdateRule
    {
        private readonly Vector<float> _lr = new(lr);
        private readonly WeightDecay _decay = decay;

        public static int StateSlots => 0;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply(
            ref Vector<float> value, Vector<float> gradient, ref Vector<float> slot0, ref Vector<float> slot1) =>
            value -= _lr * _decay.AddTo(gradient, value);
    }

    private readonly struct MomentumRule(float lr, WeightDecay decay, SgdOptimizer optimizer, bool isFirst) : IUpdateRule
    {
        private readonly Vector<float> _lr = new(lr);
        private readonly Vector<float> _momentum = new((float)optimizer.Momentum);
        private readonly Vector<float> _share = new((float)(1 - optimizer.Dampening));
        private readonly WeightDecay _decay = decay;
        private readonly bool _isNesterov = optimizer.Nesterov;
        private readonly bool _isFirst = isFirst;

        public static int StateSlots => 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply(
            ref Vector<float> value, Vector<float> gradient, ref Vector<float> slot0, ref Vector<float> slot1)
        {
            var direction = _decay.AddTo(gradient, value);
            slot0 = _isFirst ? direction : (_momentum * slot0) + (_share * direction);
            value -= _lr * (_isNesterov ? direction + (_momentum * slot0) : slot0);
        }
    }
}
