namespace OrleansPs.Architecture;

/// <summary>The house rules for files, checked on the repository and on bad examples.</summary>
public sealed class FileRulesTests
{
    [Fact]
    public void Nothing_strange_lies_at_the_top() => Assert.Empty(FileRules.CheckTopLevel(Repository.TopLevel()));

    [Fact]
    public void Source_files_are_short_and_open_plainly() => Assert.Empty(Sources().SelectMany(path => FileRules.CheckSource(path, Repository.Read(path))));

    [Fact]
    public void No_file_names_a_place_on_one_machine() => Assert.Empty(Repository.Files()
        .Where(path => FileRules.IsText(path) && Path.GetFileName(path) != "FileRulesTests.cs")
        .SelectMany(path => FileRules.CheckPaths(path, Repository.Read(path))));

    [Fact]
    public void The_checks_see_the_files() => Assert.Contains("src/OrleansPs.Abstractions/IParameterServer.cs", Sources());

    [Fact]
    public void A_stranger_at_the_top_is_found() =>
        Assert.Equal(["notes.md: does not belong at the top"], FileRules.CheckTopLevel(["src", "notes.md", "README.md"]));

    [Theory]
    [InlineData(399, 0)]
    [InlineData(400, 1)]
    public void A_long_file_is_found(int lines, int complaints) => Assert.Equal(
        complaints, FileRules.CheckSource("tools/Long.cs", string.Concat(Enumerable.Repeat("//\n", lines))).Count());

    [Theory]
    [InlineData("using System;\n", 0)]
    [InlineData("\uFEFFnamespace OrleansPs;\n", 0)]
    [InlineData("// A banner.\nusing System;\n", 1)]
    [InlineData("\nnamespace OrleansPs;\n", 1)]
    [InlineData("", 1)]
    public void A_file_that_opens_otherwise_is_found(string text, int complaints) =>
        Assert.Equal(complaints, FileRules.CheckSource("src/Opening.cs", text).Count());

    [Theory]
    [InlineData("var path = \"/home/ada/data\";", 1)]
    [InlineData("cd /root/x and /Users/ada/x", 2)]
    [InlineData(@"C:\Users\ada\x", 1)]
    [InlineData("https://example.org/home/ada/", 0)]
    [InlineData("/usr/share/dataset-fashion-mnist/", 0)]
    public void A_place_on_one_machine_is_found(string text, int complaints) =>
        Assert.Equal(complaints, FileRules.CheckPaths("x.md", text).Count());

    private static IEnumerable<string> Sources() => Repository.Files("src").Concat(Repository.Files("tools"))
        .Where(path => path.EndsWith(".cs", StringComparison.Ordinal));
}
