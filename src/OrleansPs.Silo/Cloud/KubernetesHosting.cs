namespace OrleansPs.Silo;

internal static partial class KubernetesHosting
{
    static partial void Add(ISiloBuilder silo) => silo.UseKubernetesHosting();
}
