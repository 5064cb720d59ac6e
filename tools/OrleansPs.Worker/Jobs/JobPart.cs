namespace OrleansPs.Worker;

/// <summary>Which part of a training this process does.</summary>
/// <param name="Ranks">The ranks that it plays.</param>
/// <param name="MaxSteps">After how many steps a rank leaves; null for all steps.</param>
/// <param name="Evaluates">Whether it evaluates in the end.</param>
/// <param name="Export">Where the parameters go in the end; null for nowhere.</param>
/// <param name="Patience">How long it waits in the end for workers that get no further.</param>
internal sealed record JobPart(IReadOnlyList<int> Ranks, int? MaxSteps, bool Evaluates, string? Export, TimeSpan Patience);
