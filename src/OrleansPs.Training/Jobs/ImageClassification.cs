namespace OrleansPs.Training;

/// <summary>A perceptron that learns the classes of images, measured by its accuracy on others.</summary>
public sealed class ImageClassification : ITrainingJob
{
    private readonly LabeledImages _train;
    private readonly LabeledImages _test;
    private readonly int[] _sizes;
    private readonly Optimizer _optimizer;

    /// <summary>Makes the job.</summary>
    /// <param name="train">The images to train with.</param>
    /// <param name="test">The images to test with, of as many pixels.</param>
    /// <param name="hidden">Units of the hidden layers.</param>
    /// <param name="optimizer">How gradients change parameters.</param>
    public ImageClassification(LabeledImages train, LabeledImages test, IEnumerable<int> hidden, Optimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(test);
        ArgumentNullException.ThrowIfNull(optimizer);
        (_train, _test, _optimizer) = (train, test, optimizer);
        _sizes = [train.Features, .. hidden, train.Classes];
    }

    /// <summary>The sizes of the perceptron, see <see cref="Mlp"/>.</summary>
    public IReadOnlyList<int> Sizes => _sizes;

    /// <inheritdoc/>
    public int Examples => _train.Count;

    /// <inheritdoc/>
    public EvaluationMetric Metric => EvaluationMetric.Accuracy;

    /// <inheritdoc/>
    public ModelSpec ToSpec(string name, int batchSize) => new(name) { Parameters = Mlp.ParametersOf(_sizes), Optimizer = _optimizer };

    /// <inheritdoc/>
    public IObjective CreateObjective(int batchSize) => new ImageObjective(new(_sizes, batchSize), _train);

    /// <inheritdoc/>
    public IEvaluator CreateEvaluator() => new Evaluator(_sizes, _test);
}
