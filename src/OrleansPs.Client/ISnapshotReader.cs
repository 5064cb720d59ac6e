using OrleansPs.Core.Snapshots;

namespace OrleansPs.Client;

/// <summary>Where a reader gets snapshots from.</summary>
/// <remarks>Thread safe.</remarks>
public interface ISnapshotReader
{
    /// <summary>Reads a snapshot whole.</summary>
    /// <param name="cut">The cut; null for the newest one that is whole.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="SnapshotNotFoundException">There is none.</exception>
    /// <exception cref="SnapshotCorruptException">The cut is damaged.</exception>
    Task<SnapshotContent> LoadAsync(long? cut, CancellationToken cancellationToken);
}

/// <summary>A snapshot that was read whole.</summary>
/// <param name="Info">What it is.</param>
/// <param name="Blocks">All blocks of the model, by index. Their arrays may be longer than the block.</param>
/// <remarks>
/// It belongs to the reader that asked for it, which only reads it, and gives its arrays to the shared pool if they came
/// from there.
/// </remarks>
public sealed record SnapshotContent(SnapshotInfo Info, IReadOnlyList<BlockImage> Blocks)
{
    /// <summary>
    /// Whether the arrays came from the shared pool, and nobody else uses them: the reader then calls
    /// <see cref="BlockImage.ReturnArrays"/> when it has copied them. False by default, as for a decoded image.
    /// </summary>
    public bool ArePooled { get; init; }
}
