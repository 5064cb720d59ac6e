using OrleansPs.Protocol;

namespace OrleansPs.Grains;

/// <summary>What the catalog asks of a model's coordinator.</summary>
[Alias("orleansps.ICoordinatorControl")]
internal interface ICoordinatorControl : IGrainWithStringKey
{
    /// <summary>Begins the model; the same spec again is harmless.</summary>
    [Alias("Create")]
    Task<Outcome<bool>> Create(ModelSpec spec, SiloAddress[] avoided);

    /// <summary>Ends the model; its snapshots stay.</summary>
    [Alias("Delete")]
    Task<Outcome<bool>> Delete();

    /// <summary>Moves blocks away from a silo. The answer is how many are still there.</summary>
    [Alias("Drain")]
    Task<Outcome<int>> Drain(SiloAddress silo);

    /// <summary>A primary's standby does not follow any more; the primary has heard commands up to this one.</summary>
    [Alias("StandbyLost")]
    Task StandbyLost(long generation, int block, Guid nonce, long term, long order);

    /// <summary>Whether a replica, or with block -1 a copy of the record, has a part in the model. One that has none frees itself.</summary>
    [Alias("Knows")]
    Task<Outcome<bool>> Knows(long generation, int block, Guid nonce);

    /// <summary>Comes alive, and goes on with the model if its silo was lost.</summary>
    [Alias("Wake")]
    Task Wake();
}
