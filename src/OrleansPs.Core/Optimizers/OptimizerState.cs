namespace OrleansPs.Core.Optimizers;

/// <summary>What the state of one optimizer means to another.</summary>
internal static class OptimizerState
{
    /// <summary>Whether an optimizer goes on with the state and the update counts of another, as of the same parameter.</summary>
    public static bool IsSameKind(Optimizer was, Optimizer now) =>
        was.GetType() == now.GetType() && Slots(was) == Slots(now)
        && (was is not RmsPropOptimizer old || old.Centered == ((RmsPropOptimizer)now).Centered);

    /// <summary>Whether an optimizer keeps anything.</summary>
    public static bool Exists(Optimizer optimizer) => Slots(optimizer) > 0;

    private static int Slots(Optimizer optimizer) => RowKernel.For(optimizer).StateFloats(1);
}
