using Orleans.Runtime;

namespace OrleansPs.Grains;

/// <summary>Which silos there are, for those who place blocks.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class SiloView(IClusterMembershipService membership, ILocalSiloDetails local)
{
    public SiloAddress Local => local.SiloAddress;

    /// <summary>The silos that are active, in the order of their addresses.</summary>
    public IReadOnlyList<SiloAddress> Active => [.. membership.CurrentSnapshot.Members.Values
        .Where(m => m.Status == SiloStatus.Active).Select(m => m.SiloAddress).Order()];

    /// <summary>The silos whose grains are not lost: those that are active, come or go.</summary>
    public IEnumerable<SiloAddress> Alive => membership.CurrentSnapshot.Members.Values
        .Where(m => m.Status is not (SiloStatus.Dead or SiloStatus.None)).Select(m => m.SiloAddress);

    /// <summary>Reads the membership anew: what comes from a record may be newer than what this silo knows.</summary>
    public async Task RefreshAsync() => await membership.Refresh().ConfigureAwait(false);

    /// <summary>Whether what was on a silo is lost.</summary>
    public bool IsGone(SiloAddress silo) =>
        membership.CurrentSnapshot.GetSiloStatus(silo) is SiloStatus.Dead or SiloStatus.None;

    public string NameOf(SiloAddress silo) =>
        membership.CurrentSnapshot.Members.TryGetValue(silo, out var member) ? member.Name : "";

    /// <summary>Every change of the cluster, the present state first.</summary>
    public IAsyncEnumerable<ClusterMembershipSnapshot> Changes => membership.MembershipUpdates;
}
