using OrleansPs.Core.Messages;

namespace OrleansPs.Core.Snapshots;

/// <summary>What makes a heap of chunks a snapshot. It is written last.</summary>
public sealed record SnapshotManifest
{
    /// <summary>The model's name.</summary>
    public required string Model { get; init; }

    /// <summary>The cut's number.</summary>
    public required long Cut { get; init; }

    /// <summary>The model's generation when the cut was taken.</summary>
    public required long Generation { get; init; }

    /// <summary>Under BSP how many rounds are closed; otherwise the slowest clock.</summary>
    public required long Round { get; init; }

    /// <summary>When the manifest was made (UTC).</summary>
    public required DateTimeOffset TakenAt { get; init; }

    /// <summary>The model's spec.</summary>
    public required ModelSpec Spec { get; init; }

    /// <summary>The policy in force; null for that of the spec.</summary>
    public TrainingPolicy? Policy { get; init; }

    /// <summary>All ranks, by rank.</summary>
    public required IReadOnlyList<RankRecord> Ranks { get; init; }

    /// <summary>All chunks, by block.</summary>
    public required IReadOnlyList<ChunkRecord> Chunks { get; init; }

    /// <summary>Pushes that the chunks contain beyond the finished steps: those of half steps whose workers died (SSP, ASP).</summary>
    public required IReadOnlyList<OpenPushes> Open { get; init; }

    /// <summary>The snapshot in the words of a training job.</summary>
    public SnapshotInfo ToInfo() => new(Model, Cut, Generation, Round, TakenAt, Chunks.Sum(c => c.Bytes));
}

/// <summary>One chunk of a snapshot: one block.</summary>
/// <param name="Block">The block's index.</param>
/// <param name="Name">The chunk's name in the storage.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="Sha256">The SHA-256 of its bytes, in lower-case hex.</param>
public sealed record ChunkRecord(int Block, string Name, long Bytes, string Sha256)
{
    /// <summary>The chunk of an earlier cut, whole, that this one is a delta of; null if it is whole itself.</summary>
    public ChunkRecord? Base { get; init; }
}

/// <summary>Pushes of an unfinished step that a cut contains.</summary>
/// <param name="Block">The block.</param>
/// <param name="Rank">The rank.</param>
/// <param name="Step">The unfinished step.</param>
/// <param name="Sequences">Which pushes of that step to that block.</param>
public sealed record OpenPushes(int Block, int Rank, long Step, IReadOnlyList<int> Sequences);
