namespace OrleansPs.Architecture;

/// <summary>Solution, filter and packaging name what they should, no more and no less.</summary>
public sealed class SolutionRulesTests
{
    private const string Core = "src/OrleansPs.Core/OrleansPs.Core.csproj";
    private const string Grains = "src/OrleansPs.Grains/OrleansPs.Grains.csproj";

    private static readonly ProjectFile[] CoreAndGrains = [Project(Core, ""), Project(Grains, "")];

    [Fact]
    public void Solution_and_filter_hold_what_they_should() =>
        Assert.Empty(SolutionRules.Check(Repository.SolutionText, Repository.FilterText, Repository.Projects));

    [Fact]
    public void Every_library_packs_and_describes_itself() =>
        Assert.Empty(Repository.Projects.Where(project => project.Folder == "src").SelectMany(SolutionRules.CheckPackaging));

    [Fact]
    public void Paths_are_read_with_either_slash() => Assert.Equal(
        [Core, Core, Core],
        SolutionRules.Projects($"\"{Core}\", \"{Core.Replace('/', '\\')}\", \"{Core.Replace("/", @"\\", StringComparison.Ordinal)}\""));

    [Fact]
    public void An_Orleans_project_belongs_to_the_solution_and_not_to_the_filter() =>
        Assert.Empty(SolutionRules.Check($"\"{Core}\" \"{Grains}\"", $"\"{Core}\"", CoreAndGrains));

    [Theory]
    [InlineData($"\"{Core}\"", $"\"{Core}\"", "OrleansPs.sln: lacks " + Grains)]
    [InlineData($"\"{Core}\" \"{Grains}\"", "", "OrleansPs.Embedded.slnf: lacks " + Core)]
    [InlineData($"\"{Core}\" \"{Grains}\"", $"\"{Core}\" \"{Grains}\"", "OrleansPs.Embedded.slnf: should not hold " + Grains)]
    [InlineData($"\"{Core}\" \"{Grains}\" \"x.csproj\"", $"\"{Core}\"", "OrleansPs.sln: should not hold x.csproj")]
    public void A_wrong_entry_is_found(string solution, string filter, string complaint) =>
        Assert.Equal([complaint], SolutionRules.Check(solution, filter, CoreAndGrains));

    [Theory]
    [InlineData("", "has no Description")]
    [InlineData("<Description>x</Description><IsPackable>false</IsPackable>", "decides IsPackable itself")]
    public void A_library_that_does_not_pack_well_is_found(string properties, string complaint) =>
        Assert.Contains(complaint, Assert.Single(SolutionRules.CheckPackaging(Project(Core, properties))), StringComparison.Ordinal);

    private static ProjectFile Project(string path, string properties) =>
        ProjectFile.Parse(path, $"<Project><PropertyGroup>{properties}</PropertyGroup></Project>");
}
