using System.Text.RegularExpressions;

namespace OrleansPs.Architecture;

/// <summary>What a single file may look like, and which files and folders lie at the top.</summary>
internal static partial class FileRules
{
    public const int MaxLines = 400;

    private static readonly string[] TopLevelNames =
    [
        "OrleansPs.sln", "OrleansPs.Embedded.slnf", "src", "test", "k8s", "tools", "README.md", "LICENSE", "NuGet.config",
        "Directory.Packages.props", "Directory.Build.props", "global.json", ".ci", ".editorconfig", ".git", ".gitignore", ".gitattributes",
    ];

    private static readonly string[] TextFiles =
    [
        ".cs", ".csproj", ".props", ".targets", ".md", ".sh", ".json", ".xml", ".config", ".sln", ".slnf", ".yaml", ".yml", ".txt",
        ".editorconfig", ".gitignore", ".gitattributes", "",
    ];

    public static bool IsText(string path) => TextFiles.Contains(Path.GetExtension(path));

    public static IEnumerable<string> CheckTopLevel(IEnumerable<string> names) =>
        names.Except(TopLevelNames).Select(name => $"{name}: does not belong at the top");

    /// <summary>A source file is short, and has nothing before its usings and namespace: what to say is said on the type.</summary>
    public static IEnumerable<string> CheckSource(string path, string text)
    {
        var lines = text.Split('\n').Length - 1;
        if (lines >= MaxLines)
        {
            yield return $"{path}: {lines} lines, at most {MaxLines - 1}";
        }

        if (path.StartsWith("src/", StringComparison.Ordinal) && !Opening().IsMatch(text))
        {
            yield return $"{path}: does not open with its usings or namespace";
        }
    }

    public static IEnumerable<string> CheckPaths(string path, string text) =>
        MachinePath().Matches(text).Select(match => $"{path}: names a place on one machine, {match.Value}");

    [GeneratedRegex(@"\A\uFEFF?(global )?(using|namespace) ")]
    private static partial Regex Opening();

    // A home directory of Linux, macOS or Windows.
    [GeneratedRegex(@"(?<![\w.])/(root|home/\w+|Users/\w+)/|\b[A-Za-z]:\\+Users\\+\w+", RegexOptions.CultureInvariant)]
    private static partial Regex MachinePath();
}
