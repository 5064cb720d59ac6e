using Xunit.Abstractions;

namespace OrleansPs.Simulation.Mutants;

/// <summary>The simulator has teeth: a rule of blocks, once taken out of the source, is missed within a few seeds.</summary>
public sealed class BlockMutantTests(ITestOutputHelper output)
{
    public static TheoryData<string> Names => [.. MutantCatalog.OfBlocks.Select(m => m.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_simulator_misses_the_rule(string name) => MutantHunt.Check(name, output);
}

/// <summary>The same for rules of cuts, coordinators and sessions. Two classes, so that two processors hunt.</summary>
public sealed class DecisionMutantTests(ITestOutputHelper output)
{
    public static TheoryData<string> Names => [.. MutantCatalog.OfDecisions.Select(m => m.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_simulator_misses_the_rule(string name) => MutantHunt.Check(name, output);
}

/// <summary>The same for rules of replicas and the block map.</summary>
public sealed class ReplicaMutantTests(ITestOutputHelper output)
{
    public static TheoryData<string> Names => [.. MutantCatalog.OfReplicas.Select(m => m.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_simulator_misses_the_rule(string name) => MutantHunt.Check(name, output);
}

/// <summary>The same for rules of tables.</summary>
public sealed class TableMutantTests(ITestOutputHelper output)
{
    public static TheoryData<string> Names => [.. MutantCatalog.OfTables.Select(m => m.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_simulator_misses_the_rule(string name) => MutantHunt.Check(name, output);
}

/// <summary>The same for rules that are rarely needed, with SIM_RARE=1.</summary>
public sealed class RareMutantTests(ITestOutputHelper output)
{
    public static TheoryData<string> Names => [.. MutantCatalog.Rare.Select(m => m.Name)];

    [RareTheory]
    [MemberData(nameof(Names))]
    public void The_simulator_misses_the_rule(string name) => MutantHunt.Check(name, output);

    private sealed class RareTheoryAttribute : TheoryAttribute
    {
        public RareTheoryAttribute()
        {
            if (Environment.GetEnvironmentVariable("SIM_RARE") is not "1") Skip = "It takes minutes; SIM_RARE=1 runs it.";
        }
    }
}

/// <summary>The hunt itself.</summary>
public sealed class MutantTests
{
    [Theory]
    [InlineData("OrleansPs.Core")]
    [InlineData("OrleansPs.Client")]
    public void An_engine_with_all_rules_compiled_in_the_same_way_passes_the_same_seeds(string project)
    {
        var seeds = Math.Min(400, MutantCatalog.Daily.Where(m => m.Project == project).Max(m => m.Within));
        var hunt = MutantHunt.Run(project, null, seeds);
        Assert.True(hunt.Seed is null, $"Seed {hunt.Seed}: {hunt.Violation}");
    }

    [Fact]
    public void A_mutant_whose_text_is_gone_or_ambiguous_says_so()
    {
        var mutant = new Mutant("m", "r", "P1", "src/A/B.cs", 1, new Edit("ab", "x"));
        Assert.Equal("-x-", mutant.Apply("-ab-"));
        Assert.Contains("does not contain", Assert.Throws<InvalidOperationException>(() => mutant.Apply("-a-")).Message, StringComparison.Ordinal);
        Assert.Contains("more than once", Assert.Throws<InvalidOperationException>(() => mutant.Apply("ab ab")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_mutant_that_does_not_compile_says_so()
    {
        var mutant = new Mutant("m", "r", "P1", "src/OrleansPs.Core/Blocks/DedupeTable.cs", 1, new Edit("incarnation < _incarnations[rank]", "?"));
        var failure = Assert.Throws<InvalidOperationException>(() => SourceProject.Of(mutant.Project).Compile(mutant));
        Assert.Contains("does not compile", failure.Message, StringComparison.Ordinal);
    }
}
