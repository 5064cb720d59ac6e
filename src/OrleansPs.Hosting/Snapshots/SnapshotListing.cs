using System.Diagnostics.CodeAnalysis;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Hosting;

/// <summary>One cut of a storage: its manifest, or why it is damaged.</summary>
/// <param name="Cut">The cut's number.</param>
/// <param name="Manifest">The manifest, where it is whole and all its chunks are there.</param>
/// <param name="Problem">Otherwise what is wrong.</param>
public sealed record SnapshotListing(long Cut, SnapshotManifest? Manifest, string? Problem)
{
    /// <summary>Whether there is a manifest.</summary>
    [MemberNotNullWhen(true, nameof(Manifest))]
    [MemberNotNullWhen(false, nameof(Problem))]
    public bool IsWhole => Manifest is not null;
}
