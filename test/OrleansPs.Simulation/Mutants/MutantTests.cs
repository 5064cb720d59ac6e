namespace OrleansPs.Simulation.Mutants;

/// <summary>
/// The simulator has teeth: each rule of <see cref="MutantCatalog"/>, can be taken out of the source.
/// </summary>
public sealed class MutantTests
{
    public static TheoryData<string> Names => [.. MutantCatalog.All.Select(m => m.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_mutant_compiles(string name)
    {
        var mutant = MutantCatalog.All.Single(m => m.Name == name);
        var image = SourceProject.Of(mutant.Project).Compile(mutant);
        Assert.NotEqual(SourceProject.Of(mutant.Project).Compile(null), image);
    }

    [Fact]
    public void A_mutant_whose_text_is_gone_or_ambiguous_says_so()
    {
        var mutant = new Mutant("m", "r", "P1", "src/A/B.cs", 1, new Edit("ab", "x"));
        Assert.Equal("-x-", mutant.Apply("-ab-"));
        Assert.Contains("does not contain", Assert.Throws<InvalidOperationException>(() => mutant.Apply("-a-")).Message, StringComparison.Ordinal);
        Assert.Contains("more than once", Assert.Throws<InvalidOperationException>(() => mutant.Apply("ab ab")).Message, StringComparison.Ordinal);
    }
}
