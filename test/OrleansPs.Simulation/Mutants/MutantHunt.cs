using Xunit.Abstractions;

namespace OrleansPs.Simulation.Mutants;

/// <summary>How the search for a seed that catches a mutant ended.</summary>
/// <param name="Seed">The first seed that reported a violation, or null.</param>
/// <param name="Violation">What the simulator reported.</param>
internal sealed record MutantHunt(int? Seed, string? Violation)
{
    /// <summary>
    /// A seed takes far less than this. A run that takes longer hangs inside one command, where no simulated clock can end it:
    /// that is not a catch, since nothing reports it.
    /// </summary>
    private static readonly TimeSpan Hangs = TimeSpan.FromMinutes(2);

    /// <summary>SIM_WITHIN: so many seeds instead of each mutant's own number, to find out which one that should be.</summary>
    private static int? Limit => int.TryParse(Environment.GetEnvironmentVariable("SIM_WITHIN"), out var limit) ? limit : null;

    /// <summary>Hunts a mutant of the catalog: a seed must report that one of the promises is broken that it breaks.</summary>
    public static void Check(string name, ITestOutputHelper output)
    {
        var mutant = MutantCatalog.Daily.Concat(MutantCatalog.Rare).Single(m => m.Name == name);
        var hunt = Run(mutant.Project, mutant, Limit ?? mutant.Within);
        output.WriteLine(MutantTable.Add(mutant, hunt));
        Assert.True(hunt.Seed is not null, $"No seed up to {mutant.Within} misses the rule: {mutant.Rule}");
        Assert.True(mutant.Breaks.Split(' ').Any(p => hunt.Violation!.StartsWith(p + " is broken", StringComparison.Ordinal)),
            $"Seed {hunt.Seed} reports something else than {mutant.Breaks}: {hunt.Violation}");
    }

    /// <summary>Runs seeds 1 to a limit until one fails.</summary>
    public static MutantHunt Run(string project, Mutant? mutant, int seeds)
    {
        using var world = new MutantWorld(project, mutant);
        for (var seed = 1; seed <= seeds; seed++)
            if (RunApart(world, seed) is { } violation) return new(seed, violation);
        return new(null, null);
    }

    private static string? RunApart(MutantWorld world, int seed)
    {
        string? violation = null;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                violation = world.Run(seed);
            }
            catch (Exception e)
            {
                failure = e;
            }
        })
        { IsBackground = true };
        thread.Start();
        if (!thread.Join(Hangs)) throw new TimeoutException($"Seed {seed} hangs, and the simulator does not report it.");
        return failure is null
            ? violation
            : throw new InvalidOperationException($"Seed {seed} failed, and the simulator does not report it as a violation.", failure);
    }
}
