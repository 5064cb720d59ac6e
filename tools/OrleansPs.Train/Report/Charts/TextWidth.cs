namespace OrleansPs.Train.Report.Charts;

/// <summary>
/// About how wide a text is, for a layout that is done before any browser sees it: a little too wide rather than too
/// narrow, for common sans-serif fonts.
/// </summary>
internal static class TextWidth
{
    public static double Of(string text, double fontSize) => text.Sum(Share) * fontSize;

    private static double Share(char c) => c switch
    {
        'i' or 'j' or 'l' or '.' or ',' or ':' or ';' or '\'' or '|' or ' ' or 'I' or 'f' or 't' or 'r' or '(' or ')' => 0.34,
        'm' or 'w' or 'M' or 'W' or '%' or '@' => 0.9,
        >= 'A' and <= 'Z' => 0.69,
        _ => 0.58,
    };
}
