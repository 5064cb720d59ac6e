using System.Reflection;
using System.Runtime.Loader;

namespace OrleansPs.Simulation.Mutants;

/// <summary>
/// A world of its own for one mutant: the simulator, unchanged, in which the mutated project stands in for the built one. The
/// assemblies below and beside it are those of the build.
/// </summary>
internal sealed class MutantWorld : IDisposable
{
    private readonly Context _context;
    private readonly Func<int, string?> _run;

    public MutantWorld(string project, Mutant? mutant)
    {
        _context = new(project, SourceProject.Of(project).Compile(mutant));
        var simulation = _context.LoadFromAssemblyName(typeof(MutantWorld).Assembly.GetName());
        _run = simulation.GetType("OrleansPs.Simulation.SimulationRun", throwOnError: true)!
            .GetMethod("Run", BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static, [typeof(int)])!
            .CreateDelegate<Func<int, string?>>();
    }

    /// <summary>Runs one seed. The answer is the violation, or null.</summary>
    public string? Run(int seed) => _run(seed);

    public void Dispose() => _context.Unload();

    private sealed class Context(string project, byte[] image) : AssemblyLoadContext("mutant", isCollectible: true)
    {
        protected override Assembly? Load(AssemblyName name)
        {
            if (name.Name == project) return LoadFromStream(new MemoryStream(image));
            return MustBeOwn(name.Name!)
                ? LoadFromAssemblyPath(Path.Combine(AppContext.BaseDirectory, name.Name + ".dll"))
                : null;
        }

        // All that may refer to the mutated project is loaded anew, so that it sees the mutant.
        private static bool MustBeOwn(string name) =>
            name.StartsWith("OrleansPs.", StringComparison.Ordinal) && name != "OrleansPs.Abstractions";
    }
}
