using System.Text.RegularExpressions;

namespace OrleansPs.Architecture;

/// <summary>The files of the repository that the tests were built from, found upwards from the test assembly.</summary>
internal static class Repository
{
    private const string Solution = "OrleansPs.sln";

    private static readonly string[] BuildFolders = ["bin", "obj", ".git", "artifacts", "TestResults", ".vs", ".vscode", ".idea"];

    public static string Root { get; } = FindRoot(AppContext.BaseDirectory);

    public static string SolutionText => Read(Solution);

    public static string FilterText => Read("OrleansPs.Embedded.slnf");

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    /// <summary>All files below the root, relative and with forward slashes, without what a build or an editor leaves.</summary>
    public static IEnumerable<string> Files(string below = ".") => Walk(Path.GetFullPath(Path.Combine(Root, below)))
        .Select(file => Path.GetRelativePath(Root, file).Replace('\\', '/'))
        .Order(StringComparer.Ordinal);

    public static IReadOnlyList<ProjectFile> Projects { get; } =
        [.. Files().Where(file => file.EndsWith(".csproj", StringComparison.Ordinal)).Select(file => ProjectFile.Parse(file, Read(file)))];

    /// <summary>What lies at the top of the repository and is not ignored by its .gitignore.</summary>
    public static IEnumerable<string> TopLevel()
    {
        var ignored = Read(".gitignore").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(line => new Regex("^" + Regex.Escape(line.Trim('/')).Replace("\\*", ".*", StringComparison.Ordinal) + "$"))
            .ToArray();
        return Directory.EnumerateFileSystemEntries(Root).Select(entry => Path.GetFileName(entry)!)
            .Where(name => !ignored.Any(pattern => pattern.IsMatch(name)));
    }

    private static IEnumerable<string> Walk(string directory) => Directory.EnumerateFiles(directory).Concat(
        Directory.EnumerateDirectories(directory)
            .Where(folder => !BuildFolders.Contains(Path.GetFileName(folder)) && folder != Path.Combine(Root, "data"))
            .SelectMany(Walk));

    private static string FindRoot(string start)
    {
        for (var directory = new DirectoryInfo(start); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, Solution)))
            {
                return directory.FullName;
            }
        }

        throw new FileNotFoundException($"no {Solution} above {start}");
    }
}
