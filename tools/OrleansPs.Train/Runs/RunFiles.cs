namespace OrleansPs.Train;

/// <summary>The files that a training leaves.</summary>
/// <param name="Report">Its report.</param>
/// <param name="Svg">A picture of its curves; null for none.</param>
/// <param name="Export">Its parameters and rows; null for none.</param>
internal sealed record RunFiles(string Report, string? Svg, string? Export);
