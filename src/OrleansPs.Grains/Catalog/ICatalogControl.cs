using OrleansPs.Protocol;

namespace OrleansPs.Grains;

/// <summary>What silos ask of the catalog.</summary>
[Alias("orleansps.ICatalogControl")]
internal interface ICatalogControl : IGrainWithStringKey
{
    /// <summary>The silos that take no new blocks.</summary>
    [Alias("Draining")]
    Task<SiloAddress[]> Draining();

    /// <summary>Moves blocks away from a silo that shuts down, the last one too. The answer is how many are still there.</summary>
    [Alias("Leave")]
    Task<Outcome<int>> Leave(SiloAddress silo);

    /// <summary>Lets every model go on.</summary>
    [Alias("WakeAll")]
    Task WakeAll();
}
