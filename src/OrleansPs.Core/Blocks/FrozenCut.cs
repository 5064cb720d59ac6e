namespace OrleansPs.Core.Blocks;

/// <summary>
/// What an open cut knows beside its frozen numbers. It has its own dedupe state, since a push from before the cut may come to the
/// frozen copy and be a duplicate for the live state, or the other way round.
/// </summary>
/// <param name="Cut">The cut.</param>
/// <param name="Dedupe">Which pushes the frozen numbers contain.</param>
/// <param name="Version">Rounds applied when it began (BSP).</param>
/// <param name="EntryIndex">The last entry before it began.</param>
internal sealed record FrozenCut(long Cut, DedupeTable Dedupe, long Version, long EntryIndex);
