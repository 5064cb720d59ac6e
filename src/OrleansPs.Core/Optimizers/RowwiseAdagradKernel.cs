using System.Numerics;
using System.Runtime.CompilerServices;

namespace OrleansPs.Core.Optimizers;

/// <summary>
/// Row-wise Adagrad, which is Adagrad with one accumulator a row, as FBGEMM's EXACT_ROWWISE_ADAGRAD and TorchRec's
/// RowWiseAdagrad have it: d = g + weight_decay w; s += mean(d d) over the row; w -= lr d / (sqrt(s) + eps).
/// </summary>
/// <remarks>
/// Reads w and g twice: for the mean, and for the step. The mean is summed in double in an order that no processor
/// changes, and the step's size is computed in double and rounded once.
/// </remarks>
internal sealed class RowwiseAdagradKernel(RowwiseAdagradOptimizer optimizer) : RowKernel
{
    /// <summary>Floats of a row that are decayed and squared at a time; a multiple of the lanes of a sum of squares.</summary>
    private const int Chunk = 256;

    private readonly float _weightDecay = (float)optimizer.WeightDecay;

    public override bool CountsUpdates => false;

    public override int StateFloats(int width) => 1;

    public override void Initialize(Span<float> state) => state.Fill((float)optimizer.InitialAccumulatorValue);

    public override void Step(
        Span<float> values, ReadOnlySpan<float> gradient, Span<float> state, in UpdateContext update)
    {
        CheckLength(gradient.Length, values.Length, nameof(gradient));
        CheckLength(state.Length, 1, nameof(state));
        if (values.IsEmpty) return;
        var squares = _weightDecay == 0 ? GradientMath.SumOfSquares(gradient) : SumOfDecayedSquares(values, gradient);
        state[0] = (float)(state[0] + (squares / values.Length));
        var size = optimizer.Lr * update.LrFactor / (Math.Sqrt(state[0]) + (float)optimizer.Eps);
        ElementwiseLoop.Run(new Rule((float)size, _weightDecay), values, gradient, default, default);
    }

    private double SumOfDecayedSquares(ReadOnlySpan<float> values, ReadOnlySpan<float> gradient)
    {
        Span<float> buffer = stackalloc float[Chunk];
        var sum = 0.0;
        for (var at = 0; at < values.Length; at += Chunk)
        {
            var direction = buffer[..Math.Min(Chunk, values.Length - at)];
            values.Slice(at, direction.Length).CopyTo(direction);
            ElementwiseLoop.Run(new DecayRule(_weightDecay), direction, gradient.Slice(at, direction.Length), default, default);
            sum += GradientMath.SumOfSquares(direction);
        }
        return sum;
    }

    private readonly struct Rule(float size, float weightDecay) : IUpdateRule
    {
        private readonly Vector<float> _size = new(size);
        private readonly WeightDecay _decay = new(weightDecay);

        public static int StateSlots => 0;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply(
            ref Vector<float> value, Vector<float> gradient, ref Vector<float> slot0, ref Vector<float> slot1) =>
            value -= _size * _decay.AddTo(gradient, value);
    }

    private readonly struct DecayRule(float weightDecay) : IUpdateRule
    {
        private readonly WeightDecay _decay = new(weightDecay);

        public static int StateSlots => 0;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply(
            ref Vector<float> value, Vector<float> gradient, ref Vector<float> slot0, ref Vector<float> slot1) =>
            value = _decay.AddTo(gradient, value);
    }
}
