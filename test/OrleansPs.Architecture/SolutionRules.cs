using System.Text.RegularExpressions;

namespace OrleansPs.Architecture;

/// <summary>The solution holds every project; the filter holds every project that does without Orleans; libraries pack.</summary>
internal static partial class SolutionRules
{
    public static IEnumerable<string> Check(string solution, string filter, IReadOnlyList<ProjectFile> projects)
    {
        var all = projects.Select(project => project.Path).ToArray();
        var plain = projects.Where(project => !ProjectRules.MaySeeOrleans(project.Name)).Select(project => project.Path);
        return Compare("OrleansPs.sln", all, Projects(solution)).Concat(Compare("OrleansPs.Embedded.slnf", plain, Projects(filter)));
    }

    /// <summary>The project files that a solution or a solution filter names.</summary>
    public static string[] Projects(string text) =>
        [.. ProjectPath().Matches(text).Select(match => match.Groups[1].Value.Replace(@"\\", "/", StringComparison.Ordinal).Replace('\\', '/'))];

    public static IEnumerable<string> CheckPackaging(ProjectFile project)
    {
        if (string.IsNullOrWhiteSpace(project.Properties.GetValueOrDefault("Description")))
        {
            yield return $"{project.Name}: has no Description";
        }

        if (project.Properties.ContainsKey("IsPackable"))
        {
            yield return $"{project.Name}: decides IsPackable itself; everything in src packs";
        }
    }

    private static IEnumerable<string> Compare(string file, IEnumerable<string> wanted, string[] found) =>
        wanted.Except(found).Select(project => $"{file}: lacks {project}")
            .Concat(found.Except(wanted).Select(project => $"{file}: should not hold {project}"));

    [GeneratedRegex("\"([^\"]+\\.csproj)\"")]
    private static partial Regex ProjectPath();
}
