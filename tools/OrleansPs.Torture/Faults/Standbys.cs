using OrleansPs.Protocol;

namespace OrleansPs.Torture;

/// <summary>Whether a model would survive the loss of a silo now.</summary>
internal static class Standbys
{
    /// <summary>Whether every block has a standby that has all that its primary acknowledged: the service names no other.</summary>
    public static bool AreInSync(IReadOnlyList<BlockInfo> blocks) => blocks.All(block => block.Standby is not null);
}
