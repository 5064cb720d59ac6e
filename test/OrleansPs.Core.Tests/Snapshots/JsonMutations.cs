using System.Text.RegularExpressions;

namespace OrleansPs.Core.Tests.Snapshots;

/// <summary>Texts that differ from a JSON text in one token: replaced, left out or doubled.</summary>
internal static partial class JsonMutations
{
    private static readonly string[] Others =
    [
        "", "null", "true", "0", "-1", "1.5", "1e400", "-1e-400", "9223372036854775807", "9223372036854775808", "2147483648", "[]", "{}",
        "\"\"", "\"x\"", "\"\\ud800\"", "\"\\u0000\"", "[[[[", "}", "NaN", "//", "\"type\"", "\"warmUp\"", "\"sum\"",
    ];

    public static IEnumerable<string> Of(string json)
    {
        foreach (var token in Token().Matches(json).Select(m => m))
        {
            var (before, after) = (json[..token.Index], json[(token.Index + token.Length)..]);
            foreach (var other in Others) yield return before + other + after;
            yield return before + token.Value + token.Value + after;
        }
        var lines = json.Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            yield return string.Join('\n', lines.Where((_, line) => line != i));
            yield return string.Join('\n', lines.Select((line, at) => at == i ? line + "\n" + line : line));
        }
    }

    [GeneratedRegex("\"(\\\\.|[^\"\\\\])*\"|[-0-9.eE+]+|true|false|null|[\\[\\]{},:]")]
    private static partial Regex Token();
}
