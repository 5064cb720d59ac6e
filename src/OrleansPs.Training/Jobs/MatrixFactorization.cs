namespace OrleansPs.Training;

/// <summary>How a <see cref="MatrixFactorization"/> is made.</summary>
public sealed record FactorizationOptions
{
    /// <summary>Factors of a user and of an item, 1 to 1,024; 16 by default.</summary>
    public int Factors { get; init; } = 16;

    /// <summary>How strongly factors and biases are pulled to 0 with each rating, >= 0; 0.05 by default.</summary>
    public double Penalty { get; init; } = 0.05;

    /// <summary>The learning rate, > 0; 0.01 by default.</summary>
    public double Lr { get; init; } = 0.01;

    /// <summary>The standard deviation of the first factors and biases, > 0; 0.05 by default.</summary>
    public double Std { get; init; } = 0.05;

    /// <summary>Checks every option.</summary>
    /// <exception cref="InvalidOptionsException">The first option that is out of its range.</exception>
    public void Validate()
    {
        TrainerOptions.Require(Factors is >= 1 and <= 1024, nameof(Factors), Factors, "it must be 1 to 1,024.");
        TrainerOptions.Require(Penalty is >= 0 and < 1e6, nameof(Penalty), Penalty, "it must be >= 0.");
        TrainerOptions.Require(Lr is > 0 and <= 1000, nameof(Lr), Lr, "it must be above 0 and at most 1000.");
        TrainerOptions.Require(Std is > 0 and <= 1000, nameof(Std), Std, "it must be above 0 and at most 1000.");
    }
}

/// <summary>
/// Ratings predicted from factors and biases of users and items (Koren, Bell and Volinsky 2009), learned with SGD and measured by the root of the mean squared error. A row
/// of the tables <see cref="Users"/> and <see cref="Items"/> holds the factors and then the bias. The mean of the ratings is known beforehand.
/// </summary>
public sealed class MatrixFactorization : ITrainingJob
{
    /// <summary>The table of users.</summary>
    public const string Users = "users";

    /// <summary>The table of items.</summary>
    public const string Items = "items";

    private readonly Ratings _train;
    private readonly Ratings _test;
    private readonly FactorizationOptions _options;

    /// <summary>Makes the job.</summary>
    /// <param name="train">The ratings to train with.</param>
    /// <param name="test">The ratings to test with.</param>
    /// <param name="options">How it is made; null for the defaults.</param>
    /// <exception cref="InvalidOptionsException">An option is out of its range.</exception>
    public MatrixFactorization(Ratings train, Ratings test, FactorizationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(test);
        (_train, _test, _options) = (train, test, options ?? new());
        _options.Validate();
    }

    /// <inheritdoc/>
    public int Examples => _train.Count;

    /// <inheritdoc/>
    public EvaluationMetric Metric => EvaluationMetric.Rmse;

    /// <inheritdoc/>
    public ModelSpec ToSpec(string name, int batchSize)
    {
        var first = Initializer.Normal(0, (float)_options.Std);
        return new(name)
        {
            Parameters = [],
            Tables =
            [
                new(Users, _options.Factors + 1, first) { MaxRowsPerStep = JobSpecs.RowsPerStep(batchSize) },
                new(Items, _options.Factors + 1, first) { MaxRowsPerStep = JobSpecs.RowsPerStep(batchSize) },
            ],
            Optimizer = Optimizer.Sgd(_options.Lr),
            Reduction = Reduction.Sum,
        };
    }

    /// <inheritdoc/>
    public IObjective CreateObjective(int batchSize) => new FactorizationObjective(_train, _train.Mean, _options.Factors, _options.Penalty);

    /// <inheritdoc/>
    public IEvaluator CreateEvaluator() => new FactorizationEvaluator(_test, _train.Mean, _options.Factors + 1);
}
