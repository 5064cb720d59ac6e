using System.CommandLine;
using System.Globalization;

namespace OrleansPs.Train;

/// <summary>A kind of training job: its options, its data, and what of these a training keeps.</summary>
internal abstract class JobOptions
{
    /// <summary>The command's name, the data set's in the cache where <see cref="DataName"/> is no other, and by default the model's.</summary>
    public abstract string Name { get; }

    /// <summary>What the command does, for the help.</summary>
    public abstract string Description { get; }

    /// <summary>What tools/data.sh calls the data set.</summary>
    public virtual string DataName => Name;

    /// <summary>What is where the option --data says, for the help.</summary>
    public abstract string DataHelp { get; }

    /// <summary>What an example is called, for several.</summary>
    public abstract string Examples { get; }

    /// <summary>How often the data is gone through, by default.</summary>
    public abstract int Epochs { get; }

    /// <summary>Examples in a worker's step, by default.</summary>
    public abstract int Batch { get; }

    /// <summary>How often an epoch is evaluated.</summary>
    public virtual int EvaluationsPerEpoch => 1;

    /// <summary>Whether the model has dense parameters, and no tables.</summary>
    public virtual bool HasParameters => false;

    /// <summary>The job's own options, in the order of the help.</summary>
    public IEnumerable<Option> All => Entries.Select(entry => entry.Option);

    /// <summary>The job's own options.</summary>
    protected abstract IReadOnlyList<Entry> Entries { get; }

    /// <summary>The settings with the job's own part.</summary>
    /// <param name="result">What was given.</param>
    /// <param name="consistency">The consistency policy, on which a default may depend.</param>
    /// <exception cref="InvalidOptionsException">The options break a rule.</exception>
    public abstract RunSettings ToSettings(ParseResult result, string consistency);

    /// <summary>Loads the data.</summary>
    /// <param name="settings">What the training does.</param>
    /// <param name="path">Where the data is.</param>
    /// <exception cref="Training.DataFormatException">It is missing or bad.</exception>
    public abstract LoadedJob Load(RunSettings settings, string path);

    /// <summary>Reads the settings of an earlier training.</summary>
    public abstract RunSettings ReadSaved(string directory);

    /// <summary>Checks that what a snapshot depends on is not given another value than the training that is resumed has.</summary>
    /// <exception cref="InvalidOptionsException">It is.</exception>
    public void KeepAll(ParseResult result, RunSettings saved)
    {
        foreach (var entry in Entries) entry.Keep(result, saved);
    }

    /// <summary>The job's own options with the values that make such a run.</summary>
    public IEnumerable<(string Name, string Value)> Describe(RunSettings settings) =>
        Entries.Where(entry => entry.IsUsed(settings)).Select(entry => (entry.Option.Name, Show(entry.Value(settings))!));

    /// <summary>Checks that an option is not given another value than it had.</summary>
    public static void Keep<T>(ParseResult result, Option<T> option, object was)
    {
        if (result.GetResult(option) is not { Implicit: false }) return;
        var now = result.GetValue(option);
        Rule.Require(Show(now) == Show(was), option.Name, now is int[] ? Show(now) : now, $"the training that is resumed was started with {Show(was)}.");
    }

    /// <summary>A value as it is given on the command line.</summary>
    public static string? Show(object? value) => value switch
    {
        int[] list => string.Join(',', list),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value?.ToString(),
    };

    /// <summary>An option of the job, that does not count in settings for which <paramref name="isUsed"/> does not hold.</summary>
    protected static Entry Own<T>(Option<T> option, Func<RunSettings, object> value, Func<RunSettings, bool>? isUsed = null) =>
        new(option, value, isUsed ?? (_ => true), (result, saved) => Keep(result, option, value(saved)));

    /// <summary>An option, its value in some settings and whether it counts there, and the check that it is not given another one.</summary>
    protected sealed record Entry(
        Option Option, Func<RunSettings, object> Value, Func<RunSettings, bool> IsUsed, Action<ParseResult, RunSettings> Keep);
}
