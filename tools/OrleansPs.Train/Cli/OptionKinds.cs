using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace OrleansPs.Train;

/// <summary>Makes options that check their own values: an error is one line that names option, value and rule.</summary>
internal static class OptionKinds
{
    public static Option<int> Whole(string name, int least, int most, int value, string description) =>
        WithDefault(Make(name, "N", description, text => ParseWhole(text, least, most), WholeRule(least, most)), value);

    public static Option<int?> WholeOrNone(string name, int least, int most, string description) =>
        Make(name, "N", description, text => (int?)ParseWhole(text, least, most), WholeRule(least, most));

    public static Option<ulong> Seed(string name, ulong value, string description) => WithDefault(
        Make(name, "N", description, text => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seed)
            ? seed : throw new FormatException(), "it must be a whole number >= 0 of at most 64 bits."), value);

    public static Option<double?> Real(string name, double least, double most, string rule, string description) =>
        Make(name, "X", description, text => (double?)ParseReal(text, least, most), rule);

    public static Option<double> RealWithDefault(string name, double least, double most, string rule, double value, string description) =>
        WithDefault(Make(name, "X", description, text => ParseReal(text, least, most), rule), value);

    public static Option<string> Choice(string name, string[] choices, string value, string description) => WithDefault(
        Make(name, string.Join('|', choices), description, text => choices.Contains(text) ? text : throw new FormatException(),
            $"it must be {string.Join(", ", choices[..^1])} or {choices[^1]}."), value);

    public static Option<int[]?> WholeListOrNone(string name, int least, int most, int mostItems, string description) => Make(
        name, "N,N,...", description, text => (int[]?)(text.Split(',').Length <= mostItems
            ? Array.ConvertAll(text.Split(','), item => ParseWhole(item, least, most)) : throw new FormatException()),
        $"it must be 1 to {mostItems} whole numbers from {least} to {most} with commas between them.");

    public static Option<RunKind[]> Runs(string name, string value, string description) => WithDefault(
        Make(name, "RUN,RUN,...", description, RunKind.ParseList, RunKind.ListRule), RunKind.ParseList(value));

    public static Option<PolicySwitch[]?> Switches(string name, string description) =>
        Make(name, "MODE@EPOCH,...", description, text => (PolicySwitch[]?)PolicySwitch.ParseList(text), PolicySwitch.ListRule);

    public static Option<string?> Path(string name, string helpName, string description) => Make(
        name, helpName, description, text => (string?)(text.Trim().Length > 0 && !text.Contains('\0') ? text : throw new FormatException()),
        "it must be a path.");

    public static Option<string?> Svg() => Path("--svg", "FILE", "Write the curves to an SVG picture, too");

    public static Option<string> Schedule(string value) =>
        Choice("--schedule", ["cosine", "constant"], value, "How the learning rate falls until the last epoch");

    public static Option<double> TestShare() => RealWithDefault("--test-share", 0.001, 0.999, "it must be a number from 0.001 to 0.999.", 0.2,
        "The share of the data to test with; which part that is depends on --seed");

    public static Option<bool> Switch(string name, string description) => new(name) { Description = description };

    private static Option<T> WithDefault<T>(Option<T> option, T value)
    {
        option.DefaultValueFactory = _ => value;
        return option;
    }

    private static Option<T> Make<T>(string name, string helpName, string description, Func<string, T> parse, string rule) => new(name)
    {
        Description = description,
        Arity = ArgumentArity.ExactlyOne,
        HelpName = helpName,
        CustomParser = result => Parse(result, name, parse, rule),
    };

    private static T? Parse<T>(ArgumentResult result, string name, Func<string, T> parse, string rule)
    {
        var text = result.Tokens[0].Value;
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

    private static int ParseWhole(string text, int least, int most) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most
            ? value : throw new FormatException();

    private static double ParseReal(string text, double least, double most) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most
            ? value : throw new FormatException();

    private static string WholeRule(int least, int most) =>
        string.Create(CultureInfo.InvariantCulture, $"it must be a whole number from {least} to {most}.");
}
