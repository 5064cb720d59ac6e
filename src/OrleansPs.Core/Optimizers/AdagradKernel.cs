using System.Numerics;
using System.Runtime.CompilerServices;

namespace OrleansPs.Core.Optimizers;

/// <summary>
/// Adagrad (Duchi, Hazan and Singer 2011, section 1.3, diagonal), arranged as in PyTorch: d = g + weight_decay w; s += d d;
/// w -= lr / (1 + (t - 1) lr_decay) d / (sqrt(s) + eps). s starts at initial_accumulator_value.
/// </summary>
/// <remarks>Streams: reads w, g and s, writes w and s. The learning rate is computed in double and rounded once.</remarks>
internal sealed class AdagradKernel(AdagradOptimizer optimizer) : OptimizerKernel
{
    public override int StateSlots => 1;

    public override bool CountsUpdates => optimizer.LrDecay != 0;

    public override void InitializeState(Span<float> slot0, Span<float> slot1) =>
        slot0.Fill((float)optimizer.InitialAccumulatorValue);

    public override void Step(
        Span<float> values, ReadOnlySpan<float> gradient, Span<float> slot0, Span<float> slot1, in UpdateContext update)
    {
        var lr = optimizer.Lr * update.LrFactor;
        if (optimizer.LrDecay != 0) lr /= 1 + ((update.Count - 1) * optimizer.LrDecay);
        ElementwiseLoop.Run(new Rule(optimizer, (float)lr), values, gradient, slot0, default);
    }

    private readonly struct Rule(AdagradOptimizer optimizer, float lr) : IUpdateRule
    {
        private readonly Vector<float> _lr = new(lr);
        private readonly Vector<float> _eps = new((float)optimizer.Eps);
        private readonly WeightDecay _decay = new((float)optimizer.WeightDecay);

        public static int StateSlots => 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply(
            ref Vector<float> value, Vector<float> gradient, ref Vector<float> slot0, ref Vector<float> slot1)
        {
            var direction = _decay.AddTo(gradient, value);
            slot0 += direction * direction;
            value -= _lr * direction / (Vector.SquareRoot(slot0) + _eps);
        }
    }
}
