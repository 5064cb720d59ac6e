using OrleansPs.Core.Messages;

namespace OrleansPs.Protocol;

/// <summary>The coordinator of one model, whose name is the key.</summary>
[Alias("orleansps.ICoordinatorGrain")]
public interface ICoordinatorGrain : IGrainWithStringKey
{
    /// <summary>Takes up a rank.</summary>
    [Alias("Join")]
    Task<Outcome<JoinReply>> Join(JoinCommand command);

    /// <summary>Ends a step and waits at the gate, a second at most.</summary>
    [Alias("Clock")]
    Task<Outcome<ClockReply>> Clock(ClockCommand command);

    /// <summary>Heartbeat, out of data, leave.</summary>
    [Alias("Presence")]
    Task<Outcome<PresenceReply>> Presence(PresenceCommand command);

    /// <summary>The certificates from a round on that are still kept.</summary>
    [Alias("Certificates")]
    Task<Outcome<CertificatesReply>> Certificates(long from);

    /// <summary>Where the blocks are.</summary>
    [Alias("Map")]
    Task<Outcome<BlockMap>> Map();

    /// <summary>The model's spec.</summary>
    [Alias("Spec")]
    Task<Outcome<ModelSpec>> Spec();

    /// <summary>The model's state.</summary>
    [Alias("Status")]
    Task<Outcome<ModelStatus>> Status();

    /// <summary>
    /// Takes a snapshot. It may take longer than a call should: the answer is then null, and the call is made again under the same
    /// nonce.
    /// </summary>
    [Alias("TakeSnapshot")]
    Task<Outcome<SnapshotInfo?>> TakeSnapshot(Guid nonce);

    /// <summary>Puts the model back to a snapshot; a call again under the same nonce is the same restore.</summary>
    [Alias("Restore")]
    Task<Outcome<SnapshotInfo?>> Restore(Guid nonce, RestoreOptions options);

    /// <summary>Changes the policy; a call again under the same nonce is the same change.</summary>
    [Alias("ChangePolicy")]
    Task<Outcome<TrainingPolicy?>> ChangePolicy(Guid nonce, PolicyChange change);

    /// <summary>Takes a rank out.</summary>
    [Alias("Evict")]
    Task<Outcome<bool>> Evict(int rank);

    /// <summary>What each block is and holds.</summary>
    [Alias("Blocks")]
    Task<Outcome<BlockInfo[]>> Blocks();
}

/// <summary>The answer to <see cref="ICoordinatorGrain.Certificates"/>.</summary>
/// <param name="Generation">The generation that they are of.</param>
/// <param name="Certificates">Ascending by round.</param>
[GenerateSerializer, Alias("orleansps.CertificatesReply")]
public sealed record CertificatesReply([property: Id(0)] long Generation, [property: Id(1)] Certificate[] Certificates);

/// <summary>Where a model's blocks are.</summary>
/// <param name="Generation">The model's generation; each has its own map.</param>
/// <param name="Term">The coordinator's term.</param>
/// <param name="Version">It rises with every move.</param>
/// <param name="Places">The places, by block.</param>
[GenerateSerializer, Alias("orleansps.BlockMap")]
public sealed record BlockMap(
    [property: Id(0)] long Generation, [property: Id(1)] long Term, [property: Id(2)] long Version, [property: Id(3)] BlockPlace[] Places)
{
    /// <summary>Whether this map is the newer one.</summary>
    public bool IsNewerThan(BlockMap? other) =>
        other is null || (Generation, Version) is var mine && (mine.Generation > other.Generation
            || (mine.Generation == other.Generation && mine.Version > other.Version));
}

/// <summary>Where a block is.</summary>
/// <param name="Key">The key of its grain.</param>
/// <param name="Epoch">How often it moved in this generation; the grain answers at exactly this epoch.</param>
[GenerateSerializer, Alias("orleansps.BlockPlace")]
public readonly record struct BlockPlace([property: Id(0)] string Key, [property: Id(1)] long Epoch);
