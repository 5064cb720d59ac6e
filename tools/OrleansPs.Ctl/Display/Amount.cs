namespace OrleansPs.Ctl;

/// <summary>How far something is.</summary>
/// <param name="Done">What is done.</param>
/// <param name="Total">What there is to do.</param>
internal readonly record struct Amount(long Done, long Total);
