namespace OrleansPs.Core.Optimizers;

/// <summary>w = g. Streams: reads g, writes w.</summary>
internal sealed class AssignKernel : OptimizerKernel
{
    public override int StateSlots => 0;

    public override bool CountsUpdates => false;

    public override void Step(
        Span<float> values, ReadOnlySpan<float> gradient, Span<float> slot0, Span<float> slot1, in UpdateContext update)
    {
        if (gradient.Length != values.Length)
            throw new ArgumentException(
                $"The length is {gradient.Length}; it must be that of the values, {values.Length}.", nameof(gradient));
        gradient.CopyTo(values);
    }
}
