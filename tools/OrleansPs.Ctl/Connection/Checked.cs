using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace OrleansPs.Tools;

/// <summary>Makes options and arguments that check their own values: an error is one line that names what, its value and the rule.</summary>
internal static class Checked
{
    public static Option<long?> Whole(string name, long least, long most, string description) =>
        Option(name, "N", description, text => (long?)ParseWhole(text, least, most), WholeRule(least, most));

    public static Option<string?> Path(string name, string helpName, string description) =>
        Option(name, helpName, description, text => (string?)Require(text, text.Trim().Length > 0 && !text.Contains('\0')), "it must be a path.");

    public static Option<string?> Text(string name, string helpName, string description) =>
        Option(name, helpName, description, text => (string?)Require(text, text.Trim().Length > 0), "it must not be empty.");

    public static Option<T> Option<T>(string name, string helpName, string description, Func<string, T> parse, string rule) => new(name)
    {
        Description = description,
        Arity = ArgumentArity.ExactlyOne,
        HelpName = helpName,
        CustomParser = result => Parse(result, 0, name, parse, rule),
    };

    /// <summary>An option that may be given several times.</summary>
    public static Option<IReadOnlyList<T>> List<T>(string name, string helpName, string description, Func<string, T> parse, string rule)
        where T : class => new(name)
        {
            Description = description,
            Arity = ArgumentArity.OneOrMore,
            HelpName = helpName,
            CustomParser = result => [.. result.Tokens.Select((_, i) => Parse(result, i, name, parse, rule)).OfType<T>()],
            DefaultValueFactory = _ => [],
        };

    public static Argument<string> TextArgument(string name, string description) => Argument(
        name, description, text => Require(text, text.Trim().Length > 0), "it must not be empty.");

    public static Argument<int> WholeArgument(string name, int least, int most, string description) =>
        Argument(name, description, text => (int)ParseWhole(text, least, most), WholeRule(least, most));

    private static Argument<T> Argument<T>(string name, string description, Func<string, T> parse, string rule) => new(name)
    {
        Description = description,
        Arity = ArgumentArity.ExactlyOne,
        CustomParser = result => Parse(result, 0, name, parse, rule),
    };

    private static T? Parse<T>(ArgumentResult result, int token, string name, Func<string, T> parse, string rule)
    {
        var text = result.Tokens[token].Value;
        try
        {
            return parse(text);
        }
        catch (FormatException)
        {
            result.AddError($"{name} is '{text}': {rule}");
            return default;
        }
    }

    private static string Require(string text, bool holds) => holds ? text : throw new FormatException();

    private static long ParseWhole(string text, long least, long most) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most
            ? value : throw new FormatException();

    private static string WholeRule(long least, long most) => string.Create(CultureInfo.InvariantCulture,
        $"it must be a whole number {(most == long.MaxValue ? $">= {least}" : $"from {least} to {most}")}.");
}
