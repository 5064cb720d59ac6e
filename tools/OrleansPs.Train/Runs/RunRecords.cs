using System.Globalization;
using System.Runtime.InteropServices;
using OrleansPs.Train.Report;
using OrleansPs.Training;

namespace OrleansPs.Train;

/// <summary>Says what a run is, in the words of a report.</summary>
internal static class RunRecords
{
    public const string Dataset = "Fashion-MNIST";

    public static RunRecord Of(RunSettings settings, FashionMnist data, DateTimeOffset when) => new()
    {
        Title = $"{Dataset}, {Texts.Many(settings.Workers, "worker")}, {settings.Policy}",
        Model = ModelOf(settings, data),
        Dataset = Dataset,
        When = when,
        Machine = $"{Environment.ProcessorCount} processors, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}",
        Consistency = settings.Policy.ToString(),
        StalenessBound = settings.StalenessBound,
        Stragglers = settings.Stragglers?.ToString(),
        Options = OptionsOf(settings),
    };

    public static string ModelOf(RunSettings settings, FashionMnist data) => $"MLP {string.Join('-', settings.SizesFor(data.Train))}";

    /// <summary>The options that make such a run.</summary>
    public static IReadOnlyList<NamedValue> OptionsOf(RunSettings settings) => [.. Options(settings)];

    private static IEnumerable<NamedValue> Options(RunSettings s)
    {
        yield return new("--workers", Text(s.Workers));
        yield return new("--consistency", s.Consistency);
        if (s.Consistency == "ssp") yield return new("--staleness", Text(s.Staleness));
        yield return new("--optimizer", s.Optimizer);
        yield return new("--lr", Text(s.Lr));
        if (s.Optimizer is "sgd" or "rmsprop") yield return new("--momentum", Text(s.Momentum));
        yield return new("--weight-decay", Text(s.WeightDecay));
        yield return new("--schedule", s.Schedule);
        yield return new("--epochs", Text(s.Epochs));
        yield return new("--batch", Text(s.Batch));
        yield return new("--seed", Text(s.Seed));
        yield return new("--hidden", string.Join(',', s.Hidden));
        yield return new("--block-bytes", Text(s.BlockBytes));
        if (s.Prefetch) yield return new("--prefetch", "on");
        if (s.SnapshotEvery > 0) yield return new("--snapshot-every", Text(s.SnapshotEvery));
    }

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}
