namespace OrleansPs.Train;

/// <summary>Where a training begins.</summary>
/// <param name="Snapshots">The directory of its snapshots, or null.</param>
/// <param name="Resume">Whether to go on from the newest good snapshot there.</param>
/// <param name="Init">A file with its first parameters and rows, or null.</param>
/// <param name="ExportsTables">Whether rows of tables are to be written in the end: which keys have one, only a snapshot knows.</param>
internal sealed record RunBeginning(string? Snapshots, bool Resume, string? Init, bool ExportsTables = false);
