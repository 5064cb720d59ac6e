namespace OrleansPs.Core.Optimizers;

/// <summary>A kernel of dense parameters over a row: the row's slots lie one behind the other.</summary>
internal sealed class ElementwiseRowKernel(OptimizerKernel kernel) : RowKernel
{
    private readonly int _slots = kernel.StateSlots;

    public override bool CountsUpdates { get; } = kernel.CountsUpdates;

    public override int StateFloats(int width) => _slots * width;

    public override void Initialize(Span<float> state)
    {
        if (_slots == 0) return;
        var width = state.Length / _slots;
        kernel.InitializeState(state[..width], state[width..]);
    }

    public override void Step(
        Span<float> values, ReadOnlySpan<float> gradient, Span<float> state, in UpdateContext update)
    {
        CheckLength(state.Length, _slots * values.Length, nameof(state));
        var first = _slots == 0 ? state : state[..values.Length];
        kernel.Step(values, gradient, first, state[first.Length..], update);
    }
}
