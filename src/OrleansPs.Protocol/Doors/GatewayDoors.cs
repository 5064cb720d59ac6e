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

    // Nobody waits for it, and before it on the same connection there may be much to send.
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(10);

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
            if (known <= 1) Search();
            return known > 1;
        }
    }

    public bool AreRemote => true;

    /// <summary>How many doors are known.</summary>
    internal int Known => Volatile.Read(ref _doors).Count;

    public IBlockDoor? Of(string silo)
    {
        if (Volatile.Read(ref _doors).TryGetValue(silo, out var found) && open.Has(found.Gateway)) return found.Door;
        Search();
        return null;
    }

    public void Doubt(string silo)
    {
        lock (_lock) _doors = _doors.Where(door => door.Key != silo).ToDictionary(StringComparer.Ordinal);
    }

    private bool WasSearched
    {
        get
        {
            var (last, period) = (Volatile.Read(ref _searched), _isOne && Known == 1 ? s_periodOfOne : s_period);
            return last != long.MinValue && time.GetElapsedTime(last) < period;
        }
    }

    // At most one at a time, and one in a period.
    private void Search()
    {
        if (WasSearched) return;
        lock (_lock)
        {
            if (_isSearching || WasSearched) return;
            (_isSearching, _searched) = (true, time.GetTimestamp());
        }
        ThreadPool.UnsafeQueueUserWorkItem(static doors => _ = doors.SearchAsync(), this, preferLocal: false);
    }

    private async Task SearchAsync()
    {
        var found = Volatile.Read(ref _doors);
        try
        {
            var listed = await gateways.GetGateways().WaitAsync(s_limit, time).ConfigureAwait(false);
            var addresses = listed.Select(gateway => gateway.ToGatewayAddress()).OfType<SiloAddress>().ToArray();
            _isOne = addresses.Length == 1;
            found = await FindAsync(addresses).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Without new doors all goes its longer way.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogNoGateways(logger, e);
        }
        lock (_lock) (_doors, _isSearching) = (found, false);
    }

    // One that is only late keeps the door it had.
    private async Task<Dictionary<string, (SiloAddress, IBlockDoor)>> FindAsync(SiloAddress[] addresses)
    {
        var found = new Dictionary<string, (SiloAddress, IBlockDoor)>(StringComparer.Ordinal);
        foreach (var (silo, gateway, door) in await Task.WhenAll(addresses.Where(open.Has).Select(AskAsync)).ConfigureAwait(false))
        {
            if ((silo ?? Volatile.Read(ref _doors).FirstOrDefault(known => known.Value.Gateway.Equals(gateway)).Key) is { } name) found[name] = (gateway, door);
        }
        return found;
    }

    private async Task<(string? Silo, SiloAddress Gateway, IBlockDoor Door)> AskAsync(SiloAddress gateway)
    {
        var door = grains.GetGrain<IBlockDoor>(DoorIds.Of(gateway));
        try
        {
            var (isAnswered, silo) = await Calls.TryAsync(door.Silo().AsTask(), s_limit).ConfigureAwait(false);
            return (isAnswered ? silo : null, gateway, door);
        }
#pragma warning disable CA1031 // What is wrong with one says nothing of the others.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogNoGateways(logger, e);
            return (null, gateway, door);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "The doors of silos could not be looked up.")]
    private static partial void LogNoGateways(ILogger logger, Exception exception);
}
