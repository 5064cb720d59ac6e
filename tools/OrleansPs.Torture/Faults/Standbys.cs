using System.Reflection;
using OrleansPs.Protocol;

namespace OrleansPs.Torture;

/// <summary>Whether a model would survive the loss of a silo now.</summary>
internal static class Standbys
{
    // A build whose blocks have no standbys has no such property; what it keeps are snapshots alone.
    private static readonly PropertyInfo? s_standby = typeof(BlockInfo).GetProperty("Standby");

    /// <summary>Whether every block has a standby that has all that its primary acknowledged.</summary>
    public static bool AreInSync(IReadOnlyList<BlockInfo> blocks) =>
        s_standby is null || blocks.All(block => s_standby.GetValue(block) is string { Length: > 0 });
}
