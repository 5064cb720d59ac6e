namespace OrleansPs.Silo.Tests.Cluster;

/// <summary>Consistency by its name in a test.</summary>
internal static class Modes
{
    public static ConsistencyPolicy Of(string mode) => mode switch
    {
        "BSP" => ConsistencyPolicy.BulkSynchronous,
        "SSP" => ConsistencyPolicy.StaleSynchronous(2),
        _ => ConsistencyPolicy.Asynchronous,
    };
}
