using System.Reflection;
using Orleans.Serialization.Internal;

namespace OrleansPs.Silo;

/// <summary>Which providers a build has: each package brings its own, and no code names them.</summary>
internal sealed class ProviderCatalog(IEnumerable<(string Kind, string Name)> providers)
{
    public const string Clustering = "Clustering";
    public const string GrainStorage = "GrainStorage";

    private readonly HashSet<(string Kind, string Name)> _providers = [.. providers];

    /// <summary>The providers of the assemblies that came with this process.</summary>
    public static ProviderCatalog OfThisBuild() => new(ReferencedAssemblyProvider.GetRelevantAssemblies()
        .SelectMany(assembly => assembly.GetCustomAttributes<RegisterProviderAttribute>())
        .Where(provider => provider.Target == "Silo")
        .Select(provider => (provider.Kind, provider.Name)));

    public bool Has(string kind, string name) => _providers.Contains((kind, name));

    /// <summary>The names of a kind, sorted and separated by commas.</summary>
    public string Names(string kind) => string.Join(", ", _providers
        .Where(provider => provider.Kind == kind && provider.Name != "Default")
        .Select(provider => provider.Name).Order(StringComparer.Ordinal));
}
