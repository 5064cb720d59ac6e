using OrleansPs.Protocol;

namespace OrleansPs.Grains;

/// <summary>
/// Asks a model's coordinator now and then whether a grain that lives for it still has a part in it: a coordinator that died may have
/// known of replicas that the next one does not. One that is told twice in a row that it has none is to go.
/// </summary>
/// <remarks>For one turn at a time.</remarks>
internal sealed class OrphanWatch(ICoordinatorControl coordinator)
{
    private const int Refusals = 2;
    private int _refused;

    /// <summary>How often to ask.</summary>
    public static TimeSpan Period { get; } = TimeSpan.FromMinutes(1);

    /// <summary>Asks.</summary>
    /// <returns>Whether the grain is to go.</returns>
    public async Task<bool> IsOrphanAsync(long generation, int block, Guid nonce)
    {
        if (await Calls.TryAsync(coordinator.Knows(generation, block, nonce), Period / 4) is not (true, var outcome)) return false;
        if (outcome.Fault is { Kind: not FaultKind.UnknownModel }) return false;
        _refused = outcome is { Fault: null, Value: true } ? 0 : _refused + 1;
        return _refused >= Refusals;
    }
}
