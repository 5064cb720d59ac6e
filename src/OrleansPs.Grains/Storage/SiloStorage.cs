namespace OrleansPs.Grains;

/// <summary>The storage of this silo's grains.</summary>
/// <param name="Bytes">Named bytes, for records.</param>
/// <param name="Snapshots">Chunks and manifests of all models.</param>
internal sealed record SiloStorage(ByteStorage Bytes, GrainStorageSnapshotStore Snapshots);
