namespace OrleansPs.Bench;

/// <summary>What a unit costs when there are so many.</summary>
/// <param name="Count">How many there are.</param>
/// <param name="Cost">The cost of one.</param>
/// <param name="Predicted">What the capacity model says of it; NaN if it says nothing.</param>
internal readonly record struct CurvePoint(long Count, double Cost, double Predicted = double.NaN);

/// <summary>How the cost of a unit develops with their number; it should not.</summary>
/// <param name="Name">What is measured.</param>
/// <param name="Of">What there is more and more of.</param>
/// <param name="Unit">The unit of the cost.</param>
/// <param name="Reference">The count that the others are compared with.</param>
/// <param name="Points">Ascending by count.</param>
internal sealed record Curve(string Name, string Of, string Unit, long Reference, IReadOnlyList<CurvePoint> Points)
{
    /// <summary>Why it may not be flat.</summary>
    public string Reason { get; init; } = "";

    /// <summary>A point's cost as a ratio to that of the reference; NaN if that was not measured.</summary>
    public double RatioOf(CurvePoint point) => Points.Where(p => p.Count == Reference).Select(p => point.Cost / p.Cost).FirstOrDefault(double.NaN);
}
