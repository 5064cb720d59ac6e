namespace OrleansPs.Training;

/// <summary>
/// Logistic regression on sparse examples with FTRL-Proximal (McMahan et al. 2013), measured by the area under the ROC curve. The weights are rows of width 1 of
/// the table <see cref="Table"/>, under the features' keys: a feature that no example had takes no memory, wherever its key lies.
/// </summary>
public sealed class SparseLogistic : ITrainingJob
{
    /// <summary>The table of weights.</summary>
    public const string Table = "weights";

    /// <summary>The key of the weight that all examples have.</summary>
    public const long BiasKey = -1;

    private readonly SparseExamples _train;
    private readonly SparseExamples _test;
    private readonly Optimizer _optimizer;

    /// <summary>Makes the job.</summary>
    /// <param name="train">The examples to train with.</param>
    /// <param name="test">The examples to test with.</param>
    /// <param name="optimizer">How gradients change weights, such as <see cref="Optimizer.FtrlProximal"/>.</param>
    public SparseLogistic(SparseExamples train, SparseExamples test, Optimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(test);
        ArgumentNullException.ThrowIfNull(optimizer);
        (_train, _test, _optimizer) = (train, test, optimizer);
    }

    /// <inheritdoc/>
    public int Examples => _train.Count;

    /// <inheritdoc/>
    public EvaluationMetric Metric => EvaluationMetric.Auc;

    /// <inheritdoc/>
    public ModelSpec ToSpec(string name, int batchSize) => new(name)
    {
        Parameters = [],
        Tables = [new(Table, 1) { MaxRowsPerStep = JobSpecs.RowsPerStep(1 + (long)batchSize * MostFeatures()) }],
        Optimizer = _optimizer,
        Reduction = Reduction.Sum,
    };

    /// <inheritdoc/>
    public IObjective CreateObjective(int batchSize) => new SparseLogisticObjective(_train);

    /// <inheritdoc/>
    public IEvaluator CreateEvaluator() => new SparseLogisticEvaluator(_test);

    private int MostFeatures()
    {
        var most = 0;
        for (var i = 0; i < _train.Count; i++) most = Math.Max(most, _train.Keys(i).Length);
        return most;
    }
}
