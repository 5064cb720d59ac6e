namespace OrleansPs.Core.Replication;

/// <summary>Where one replica of a block is, and which life of it.</summary>
/// <param name="Key">The host's name for the way to it.</param>
/// <param name="Silo">The silo it lives and dies with.</param>
/// <param name="Nonce">Drawn by the replica when it came alive: a later one under the same key is another one, and empty.</param>
public sealed record ReplicaSite(string Key, string Silo, Guid Nonce);

/// <summary>One line of the block map: who holds a block. It changes in the control record alone.</summary>
/// <param name="Epoch">It rises whenever another replica becomes the primary: messages of another one are refused.</param>
/// <param name="Primary">The replica that answers.</param>
/// <param name="Standby">The replica that has each push before it is acknowledged; null while the primary is alone.</param>
public sealed record BlockSites(long Epoch, ReplicaSite Primary, ReplicaSite? Standby);
