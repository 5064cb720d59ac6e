using OrleansPs.Training;

namespace OrleansPs.Train;

/// <summary>A job on its data, with what is said about it.</summary>
/// <param name="Training">The job.</param>
/// <param name="Dataset">The data set's name, as in "Fashion-MNIST".</param>
/// <param name="Model">The model in a line, as in "MLP 784-256-128-10".</param>
/// <param name="Examples">How much data there is, as in "60,000 images to train with, 10,000 to test with".</param>
internal sealed record LoadedJob(ITrainingJob Training, string Dataset, string Model, string Examples)
{
    /// <summary>Looks at a finished model beyond its score; null for jobs that have no more to show.</summary>
    public Func<IParameterReader, CancellationToken, Task<Findings>>? FindAsync { get; init; }
}

/// <summary>What a finished model shows beside its score.</summary>
/// <param name="Lines">In sentences, each without its end.</param>
/// <param name="Title">The heading of a table.</param>
/// <param name="Columns">Its columns' headings.</param>
/// <param name="Rows">Its rows.</param>
public sealed record Findings(IReadOnlyList<string> Lines, string Title, IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string>> Rows);
