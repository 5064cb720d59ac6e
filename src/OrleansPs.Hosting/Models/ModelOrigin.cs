namespace OrleansPs.Hosting;

/// <summary>
/// Where a model's present life began: what it goes back to when its blocks are lost and it has not completed a snapshot
/// since.
/// </summary>
/// <param name="BaseCut">The cut that it was put back to by hand; 0 if it began with its first values.</param>
/// <param name="FirstCut">The first cut number of this life: those below belong to earlier ones.</param>
/// <param name="Workers">The number of workers that the restore asked for; null for those of the cut.</param>
public sealed record ModelOrigin(long BaseCut, long FirstCut, int? Workers);
