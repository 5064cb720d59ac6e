namespace OrleansPs.Silo;

/// <summary>
/// In a pod, Orleans takes name and address from there, and pods that are gone are declared dead. A build without cloud
/// providers leaves it out.
/// </summary>
internal static partial class KubernetesHosting
{
    public static bool IsInPod => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST"));

    public static void AddIfInPod(ISiloBuilder silo)
    {
        if (IsInPod) Add(silo);
    }

    static partial void Add(ISiloBuilder silo);
}
