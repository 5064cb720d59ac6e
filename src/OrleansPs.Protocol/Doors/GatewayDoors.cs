using Microsoft.Extensions.Logging;
using Orleans.Messaging;
using Orleans.Runtime;

namespace OrleansPs.Protocol;

/// <summary>
/// A client knows gateways, and asks each which silo is behind it. A door that turns out to be of another silo, or of none, costs a detour and nothing
/// else: it passes requests on to wherever the block is. A gateway that Orleans does not send to has no door.
/// </summary>
/// <remarks>Thread safe.</remarks>
internal sealed partial class GatewayDoors(
    IGrainFactory grains, IGatewayListProvider gateways, OpenGateways open, TimeProvider time, ILogger<GatewayDoors> logger) : IBlockDoors
{
    private static readonly TimeSpan s_period = TimeSpan.FromSeconds(1);

    // With one gateway there is nothing to save; whether there are more by now a thousand clients must not ask all the time.
    private static readonly TimeSpan s_periodOfOne = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private IReadOnlyDictionary<string, (SiloAddress Gateway, IBlockDoor Door)> _doors = new Dictionary<string, (SiloAddress, IBlockDoor)>();
    private long _searched = long.MinValue;
    private bool _isSearching;
    private volatile bool _isOne;

    // Where there are large blocks alone nobody else asks which gateways there are.
    public bool SaveHops
    {
        get
        {
            var known = Known;
            if (known <= 1) Search(known == 1 && _isOne ? s_periodOfOne : s_period);
            return known > 1;
        }
    }

    public bool AreRemote => true;

    /// <summary>How many doors are known.</summary>
    internal int Known => Volatile.Read(ref _doors).Count;

    public IBlockDoor? Of(string silo)
    {
        if (Volatile.Read(ref _doors).TryGetValue(silo, out var found) && open.Has(found.Gateway)) return found.Door;
        Search(s_period);
        return null;
    }

    public void Doubt(string silo)
    {
        lock (_lock) _doors = _doors.Where(door => door.Key != silo).ToDictionary(StringComparer.Ordinal);
    }

    private bool WasSearched(TimeSpan period) =>
        Volatile.Read(ref _searched) is var last && last != long.MinValue && time.GetElapsedTime(last) < period;

    // At most one at a time, and one in a period.
    private void Search(TimeSpan period)
    {
        if (WasSearched(period)) return;
        lock (_lock)
        {
            if (_isSearching || WasSearched(period)) return;
            (_isSearching, _searched) = (true, time.GetTimestamp());
        }
        ThreadPool.UnsafeQueueUserWorkItem(static doors => _ = doors.SearchAsync(), this, preferLocal: false);
    }

    private async Task SearchAsync()
    {
        var found = new Dictionary<string, (SiloAddress, IBlockDoor)>(StringComparer.Ordinal);
        try
        {
            var addresses = (await gateways.GetGateways().ConfigureAwait(false)).Select(gateway => gateway.ToGatewayAddress()).OfType<SiloAddress>().ToArray();
            _isOne = addresses.Length == 1;
            foreach (var (silo, gateway, door) in await Task.WhenAll(addresses.Where(open.Has).Select(AskAsync)).ConfigureAwait(false))
                if (silo is not null) found[silo] = (gateway, door);
        }
#pragma warning disable CA1031 // Without doors all goes its longer way.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogNoGateways(logger, e);
        }
        lock (_lock) (_doors, _isSearching) = (found, false);
    }

    private async Task<(string? Silo, SiloAddress Gateway, IBlockDoor Door)> AskAsync(SiloAddress gateway)
    {
        var door = grains.GetGrain<IBlockDoor>(DoorIds.Of(gateway));
        var (isAnswered, silo) = await Calls.TryAsync(door.Silo().AsTask(), s_limit).ConfigureAwait(false);
        return (isAnswered ? silo : null, gateway, door);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "The doors of silos could not be looked up.")]
    private static partial void LogNoGateways(ILogger logger, Exception exception);
}
