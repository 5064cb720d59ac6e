namespace OrleansPs.Protocol;

/// <summary>The snapshots of one model, whose name is the key. Any silo answers; a model need not be alive for this.</summary>
[Alias("orleansps.ISnapshotGrain")]
public interface ISnapshotGrain : IGrainWithStringKey
{
    /// <summary>The whole snapshots, ascending by cut.</summary>
    [Alias("List")]
    Task<Outcome<SnapshotInfo[]>> List();

    /// <summary>The bytes of a manifest; of the newest whole one if no cut is named.</summary>
    [Alias("ReadManifest")]
    Task<Outcome<byte[]>> ReadManifest(long? cut);

    /// <summary>The bytes of a chunk.</summary>
    [Alias("ReadChunk")]
    Task<Outcome<byte[]>> ReadChunk(long cut, int block);

    /// <summary>Gives out a cut number that is at least so much, for a snapshot that is made outside.</summary>
    [Alias("ReserveCut")]
    Task<Outcome<long>> ReserveCut(long atLeast);

    /// <summary>Keeps a chunk.</summary>
    [Alias("ImportChunk")]
    Task<Outcome<bool>> ImportChunk(string name, byte[] content);

    /// <summary>Makes a snapshot of chunks that are kept.</summary>
    [Alias("ImportManifest")]
    Task<Outcome<SnapshotInfo>> ImportManifest(byte[] manifest);
}
