namespace OrleansPs.Train.Report.Charts;

/// <summary>
/// About how wide a text is, for a layout that is done before any browser sees it: a little too wide rather than too
/// narrow, for common sans-serif fonts.
/// </summary>
internal static class TextWidth
{
    public static double Of(string text, double fontSize) => text.Sum(Share) * fontSize;

    /// <summary>The lines of a text, broken between words so that each fits; a word that does not has a line of its own.</summary>
    public static IReadOnlyList<string> Wrap(string text, double fontSize, double width)
    {
        var lines = new List<string>();
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (lines.Count > 0 && Of($"{lines[^1]} {word}", fontSize) <= width) lines[^1] += $" {word}";
            else lines.Add(word);
        }

        return lines;
    }

    private static double Share(char c) => c switch
    {
        'i' or 'j' or 'l' or '.' or ',' or ':' or ';' or '\'' or '|' or ' ' or 'I' or 'f' or 't' or 'r' or '(' or ')' => 0.34,
        'm' or 'w' or 'M' or 'W' or '%' or '@' => 0.9,
        >= 'A' and <= 'Z' => 0.69,
        _ => 0.58,
    };
}
