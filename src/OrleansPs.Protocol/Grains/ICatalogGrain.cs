namespace OrleansPs.Protocol;

/// <summary>The models of a cluster. There is one, under <see cref="Key"/>.</summary>
[Alias("orleansps.ICatalogGrain")]
public interface ICatalogGrain : IGrainWithStringKey
{
    /// <summary>The key of the one catalog.</summary>
    const string Key = "catalog";

    /// <summary>Says which service this is, so that a client knows it is right.</summary>
    [Alias("Hello")]
    Task<ServiceIdentity> Hello();

    /// <summary>Creates a model; the same spec again is harmless.</summary>
    [Alias("Create")]
    Task<Outcome<bool>> Create(ModelSpec spec);

    /// <summary>Deletes a model; its snapshots stay.</summary>
    [Alias("Delete")]
    Task<Outcome<bool>> Delete(string model);

    /// <summary>The models' names, in order.</summary>
    [Alias("List")]
    Task<Outcome<string[]>> List();

    /// <summary>The silos that are alive, by address.</summary>
    [Alias("Silos")]
    Task<Outcome<SiloInfo[]>> Silos();

    /// <summary>Moves blocks away from a silo. The answer is how many are still there.</summary>
    [Alias("Drain")]
    Task<Outcome<int>> Drain(string silo);
}

/// <summary>What a cluster is.</summary>
/// <param name="ServiceId">Its service id.</param>
/// <param name="ClusterId">Its cluster id.</param>
/// <param name="Protocol">The version of what client and silos say to each other.</param>
[GenerateSerializer, Alias("orleansps.ServiceIdentity")]
public sealed record ServiceIdentity([property: Id(0)] string ServiceId, [property: Id(1)] string ClusterId, [property: Id(2)] int Protocol)
{
    /// <summary>The version that this program speaks.</summary>
    public const int Current = 3;
}
