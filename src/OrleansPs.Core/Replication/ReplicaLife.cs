namespace OrleansPs.Core.Replication;

/// <summary>
/// One life of a replica under its key. Its host may end and come to life again there, empty, while messages for the life before
/// still come: each life heeds those alone that name its own nonce.
/// </summary>
/// <param name="nonce">Drawn when it came alive.</param>
public sealed class ReplicaLife(Guid nonce)
{
    /// <summary>The nonce, by which the map names it.</summary>
    public Guid Nonce => nonce;

    /// <summary>Whether a message of the coordinator or of a primary is for this life.</summary>
    /// <param name="named">The nonce that the message names.</param>
    public bool IsMeant(Guid named) => named == nonce;
}
