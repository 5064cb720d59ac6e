using System.Text;
using System.Text.RegularExpressions;

namespace OrleansPs.Core.Tests;

/// <summary>
/// Stories: a command a line, and after => what comes of it. A story that goes otherwise is shown whole, as it should
/// have gone and as it went. Lines that begin with # are for the reader.
/// </summary>
internal static partial class Script
{
    /// <summary>A story as it should go.</summary>
    public static string Normalize(string script) => string.Join('\n', Lines(script).Select(l => $"{l.Command} => {l.Expected}"));

    /// <summary>A story as it goes.</summary>
    public static string Run(string script, Func<string, string> run)
    {
        var went = new StringBuilder();
        foreach (var (command, _) in Lines(script)) went.Append(command).Append(" => ").Append(run(command)).Append('\n');
        return went.ToString().TrimEnd('\n');
    }

    private static IEnumerable<(string Command, string Expected)> Lines(string script)
    {
        foreach (var line in script.Split('\n').Select(l => l.Trim()))
        {
            if (line.Length == 0 || line[0] == '#') continue;
            var parts = line.Split("=>");
            yield return (Space().Replace(parts[0].Trim(), " "), Space().Replace(parts[1].Trim(), " "));
        }
    }

    [GeneratedRegex(" +")]
    private static partial Regex Space();
}
