using FsCheck.Xunit;
using OrleansPs.Protocol;

namespace OrleansPs.Grains.Tests;

/// <summary>What directories in a configuration mean, and how names become files'.</summary>
public sealed class DirectoryPathTests
{
    private static string Home => Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);

    [Fact]
    public void A_directory_is_expanded()
    {
        Environment.SetEnvironmentVariable("ORLEANSPS_TEST_PATH", "some");
        var here = Environment.CurrentDirectory;

        Assert.Equal(Path.Combine(Home, "a", "b"), Expand("~/a/b/"));
        Assert.Equal(Home, Expand("~"));
        Assert.Equal(Path.Combine(here, "a~", "~"), Expand("a~/~"));
        Assert.Equal(Path.Combine(here, "some", "x"), Expand("$ORLEANSPS_TEST_PATH/x"));
        Assert.Equal(Path.Combine(here, "somex"), Expand("${ORLEANSPS_TEST_PATH}x"));
        Assert.Equal(Path.Combine(here, "some"), Expand("%ORLEANSPS_TEST_PATH%"));
        Assert.Equal(Path.Combine(here, "a$", "$1"), Expand("./a$/b/../$1"));
        Assert.Equal(Path.GetFullPath("/data/x"), Expand("/data/x"));
    }

    [Theory]
    [InlineData(null, "X:Directory is missing: it must name a directory that all silos see.")]
    [InlineData(" ", "X:Directory is ' ': it must name a directory that all silos see.")]
    [InlineData("$ORLEANSPS_NOT_SET/x", "X:Directory is '$ORLEANSPS_NOT_SET/x': the environment variable ORLEANSPS_NOT_SET is not set.")]
    public void A_directory_that_means_nothing_is_refused(string? directory, string message) =>
        Assert.Equal(message, Assert.Throws<InvalidOptionsException>(() => Expand(directory)).Message);

    [Fact]
    public void A_directory_with_a_zero_character_is_refused() => Assert.Throws<InvalidOptionsException>(() => Expand("a\0b"));

    [Property]
    public bool Different_names_have_different_files_whatever_the_case(string one, string two) =>
        one is null || two is null || HasLoneSurrogate(one) || HasLoneSurrogate(two) || one == two ||
        !string.Equals(DirectoryPath.NameOf(one), DirectoryPath.NameOf(two), StringComparison.OrdinalIgnoreCase);

    [Theory]
    [InlineData("orleansps-1_a", "orleansps-1_a")]
    [InlineData("A.b", "%41%2eb")]
    [InlineData("", "%")]
    [InlineData("ä", "%c3%a4")]
    public void Plain_names_stay_as_they_are(string name, string file) => Assert.Equal(file, DirectoryPath.NameOf(name));

    [Fact]
    public void A_long_name_is_cut_and_ends_as_a_hash()
    {
        var (fits, cut) = (DirectoryPath.NameOf(new string('a', 200)), DirectoryPath.NameOf(new string('a', 201)));

        Assert.Equal(new string('a', 200), fits);
        Assert.Equal(200, cut.Length);
        Assert.Matches("^a{134}%=[0-9a-f]{64}$", cut);
    }

    private static bool HasLoneSurrogate(string text) => text.EnumerateRunes().Any(r => r == System.Text.Rune.ReplacementChar);

    private static string Expand(string? directory) => DirectoryPath.Expand("X:Directory", directory);
}
