using Orleans.Runtime;

namespace OrleansPs.Protocol;

/// <summary>The doors of silos, as far as they are known.</summary>
internal interface IBlockDoors
{
    /// <summary>
    /// Whether a message to a grain may go to another silo first. If not, a request that travels alone needs no door.
    /// </summary>
    bool SaveHops { get; }

    /// <summary>Whether all messages to grains are written to a connection: no grain is in this process.</summary>
    bool AreRemote { get; }

    /// <summary>The door of a silo; null if it is not known, or not reached. Whoever gets none asks the block itself.</summary>
    /// <param name="silo">The silo, as it is named in the keys of blocks.</param>
    IBlockDoor? Of(string silo);

    /// <summary>A door did not answer.</summary>
    void Doubt(string silo);
}

/// <summary>The names by which doors are reached.</summary>
internal static class DoorIds
{
    /// <summary>What kind of service a door is; every silo and client has to agree on it.</summary>
    public const int TypeCode = 0x0D00_4B10;

    /// <summary>The door behind an address: a silo's own one or, for a client, its gateway's.</summary>
    public static GrainId Of(SiloAddress address) => SystemTargetGrainId.CreateGrainServiceGrainId(TypeCode, "", address);
}

/// <summary>A silo knows every door by its address.</summary>
internal sealed class SiloDoors(IGrainFactory grains) : IBlockDoors
{
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, IBlockDoor?> _doors = new(StringComparer.Ordinal);

    // From silo to silo a message takes the straight way.
    public bool SaveHops => false;

    public bool AreRemote => false;

    public IBlockDoor? Of(string silo) => _doors.GetOrAdd(silo, Find);

    public void Doubt(string silo) => _doors.TryRemove(silo, out _);

    private IBlockDoor? Find(string silo)
    {
        if (_doors.Count > MostKept) _doors.Clear();
        return grains.GetGrain<IBlockDoor>(DoorIds.Of(SiloAddress.FromParsableString(silo)));
    }

    // Silos come and go.
    private const int MostKept = 1_024;
}
