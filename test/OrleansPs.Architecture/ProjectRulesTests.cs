using System.Reflection.PortableExecutable;

namespace OrleansPs.Architecture;

/// <summary>The direction between the projects, in their files and in the compiled assemblies.</summary>
public sealed class ProjectRulesTests
{
    private static readonly string[] PlainLibraries = [.. Repository.Projects
        .Where(project => project.Folder == "src" && !ProjectRules.MaySeeOrleans(project.Name))
        .Select(project => project.Name)];

    public static TheoryData<string> Assemblies => [.. PlainLibraries];

    [Fact]
    public void Every_project_keeps_the_direction() => Assert.Empty(ProjectRules.Check(Repository.Projects));

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void Every_compiled_library_keeps_the_direction(string name)
    {
        using var assembly = new PEReader(File.OpenRead(Path.Combine(AppContext.BaseDirectory, name + ".dll")));

        Assert.Empty(ProjectRules.CheckAssembly(name, AssemblyReferences.Read(assembly).Assemblies));
    }

    [Fact]
    public void The_rooms_that_know_no_Orleans_are_all_there() => Assert.Equal(
        ["OrleansPs.Abstractions", "OrleansPs.Client", "OrleansPs.Core", "OrleansPs.Embedded", "OrleansPs.Hosting", "OrleansPs.Training"],
        PlainLibraries);

    [Theory]
    [InlineData("src/OrleansPs.Abstractions", "OrleansPs.Core", "against the direction")]
    [InlineData("src/OrleansPs.Core", "OrleansPs.Client", "against the direction")]
    [InlineData("src/OrleansPs.Client", "OrleansPs.Embedded", "against the direction")]
    [InlineData("src/OrleansPs.Training", "OrleansPs.Core", "against the direction")]
    [InlineData("src/OrleansPs.Protocol", "OrleansPs.Grains", "against the direction")]
    [InlineData("src/OrleansPs.Core", "OrleansPs.Core.Tests", "against the direction")]
    [InlineData("src/OrleansPs.Embedded", "OrleansPs.Protocol", "may not see Orleans")]
    [InlineData("test/OrleansPs.Embedded.Tests", "OrleansPs.Grains", "may not see Orleans")]
    [InlineData("tools/OrleansPs.Train", "OrleansPs.Worker", "may not see Orleans")]
    [InlineData("src/OrleansPs.Attic", "OrleansPs.Core", "no place in the picture")]
    public void A_reference_against_the_direction_is_found(string project, string reference, string complaint) =>
        Assert.Contains(ProjectRules.Check([Project(project, "ProjectReference", $"..\\{reference}\\{reference}.csproj")]),
            found => found.Contains(complaint, StringComparison.Ordinal));

    [Theory]
    [InlineData("src/OrleansPs.Core", "OrleansPs.Abstractions")]
    [InlineData("src/OrleansPs.Embedded", "OrleansPs.Core")]
    [InlineData("src/OrleansPs.Silo", "OrleansPs.Protocol")]
    [InlineData("tools/OrleansPs.Train", "OrleansPs.Training")]
    [InlineData("test/OrleansPs.Grains.Tests", "OrleansPs.Embedded")]
    [InlineData("test/OrleansPs.Simulation", "OrleansPs.Client")]
    public void A_reference_along_the_direction_is_fine(string project, string reference) =>
        Assert.Empty(ProjectRules.Check([Project(project, "ProjectReference", $"../{reference}/{reference}.csproj")]));

    [Theory]
    [InlineData("src/OrleansPs.Abstractions", "System.Numerics.Tensors")]
    [InlineData("src/OrleansPs.Core", "Microsoft.Extensions.Logging.Abstractions")]
    [InlineData("src/OrleansPs.Client", "Microsoft.Orleans.Client")]
    [InlineData("test/OrleansPs.Core.Tests", "Microsoft.Orleans.TestingHost")]
    [InlineData("src/OrleansPs.Protocol", "Microsoft.Orleans.Server")]
    public void An_unwanted_package_is_found(string project, string package) =>
        Assert.Single(ProjectRules.Check([Project(project, "PackageReference", package)]));

    [Theory]
    [InlineData("src/OrleansPs.Core", "System.Numerics.Tensors")]
    [InlineData("src/OrleansPs.Protocol", "Microsoft.Orleans.Client")]
    [InlineData("src/OrleansPs.Grains", "Microsoft.Orleans.Server")]
    [InlineData("test/OrleansPs.Grains.Tests", "Microsoft.Orleans.TestingHost")]
    public void A_wanted_package_is_fine(string project, string package) =>
        Assert.Empty(ProjectRules.Check([Project(project, "PackageReference", package)]));

    [Theory]
    [InlineData("OrleansPs.Training", "OrleansPs.Core")]
    [InlineData("OrleansPs.Core", "Orleans.Core.Abstractions")]
    public void A_compiled_reference_against_the_direction_is_found(string assembly, string reference) =>
        Assert.Single(ProjectRules.CheckAssembly(assembly, ["System.Runtime", reference]));

    private static ProjectFile Project(string folder, string item, string include) => ProjectFile.Parse(
        $"{folder}/{folder.Split('/')[1]}.csproj",
        $"""<Project Sdk="Microsoft.NET.Sdk"><ItemGroup><{item} Include="{include}" /></ItemGroup></Project>""");
}
