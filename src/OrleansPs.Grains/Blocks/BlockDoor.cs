using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using OrleansPs.Protocol;

namespace OrleansPs.Grains;

/// <summary>A silo's door to its blocks.</summary>
internal sealed class BlockDoor(Silo silo, ILoggerFactory loggers, IGrainFactory grains, ILocalBlocks local)
    : GrainService(DoorIds.Of(SiloAddress.Zero), silo, loggers), IBlockDoor
{
    private readonly DoorExchange _exchange = new(grains, local);
    private readonly string _silo = silo.SiloAddress.ToParsableString();

    ValueTask<string> IBlockDoor.Silo() => new(_silo);

    // In no turn of the door's, which would be one message at a time.
    public ValueTask<BlockAnswer[]> Exchange(BlockRequest[] requests)
    {
        ArgumentNullException.ThrowIfNull(requests);
        return new(Task.Run(() => _exchange.RunAsync(requests)));
    }
}
