namespace OrleansPs.Core.Optimizers;

/// <summary>stub</summary>
internal abstract class RowKernel
{
    public static RowKernel For(Optimizer optimizer) => new Lazy(OptimizerKernel.For(optimizer));

    public abstract bool CountsUpdates { get; }

    public abstract int StateFloats(int width);

    public abstract void Initialize(Span<float> state);

    public abstract void Step(Span<float> values, ReadOnlySpan<float> gradient, Span<float> state, in UpdateContext update);

    private sealed class Lazy(OptimizerKernel kernel) : RowKernel
    {
        public override bool CountsUpdates => true;

        public override int StateFloats(int width) => kernel.StateSlots * width;

        public override void Initialize(Span<float> state) => state.Clear();

        public override void Step(Span<float> values, ReadOnlySpan<float> gradient, Span<float> state, in UpdateContext update) =>
            kernel.Step(values, gradient, kernel.StateSlots > 0 ? state[..values.Length] : default,
                kernel.StateSlots > 1 ? state[values.Length..] : default, update);
    }
}
