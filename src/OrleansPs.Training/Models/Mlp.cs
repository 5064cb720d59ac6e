namespace OrleansPs.Training;

/// <summary>
/// A multi-layer perceptron for classification: dense layers with ReLU between them, softmax and cross-entropy at the end.
/// </summary>
/// <remarks>
/// The same parameters and inputs give the same bits on every run. A call allocates nothing. Not thread safe: each
/// worker has its own.
/// </remarks>
public sealed class Mlp
{
    private readonly DenseLayer[] _layers;
    private readonly MatMul _matMul = new();

    /// <summary>Makes a perceptron whose parameters are all zero: pull them.</summary>
    /// <param name="sizes">The inputs, the units of each hidden layer, the classes; at least two, each >= 1.</param>
    /// <param name="maxBatch">The largest batch, >= 1.</param>
    public Mlp(IReadOnlyList<int> sizes, int maxBatch)
    {
        CheckSizes(sizes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxBatch);
        MaxBatch = maxBatch;
        _layers = new DenseLayer[sizes.Count - 1];
        for (var i = 0; i < _layers.Length; i++)
        {
            var layer = _layers[i] = new(sizes[i], sizes[i + 1], relu: i < _layers.Length - 1, maxBatch);
            Parameters.Add(WeightName(i), layer.Weight);
            Parameters.Add(BiasName(i), layer.Bias);
            Gradients.Add(WeightName(i), layer.WeightGradient);
            Gradients.Add(BiasName(i), layer.BiasGradient);
        }
    }

    /// <summary>The sizes of the perceptron that the Fashion-MNIST example trains.</summary>
    public static IReadOnlyList<int> FashionMnistSizes { get; } = [784, 256, 128, 10];

    /// <summary>The largest batch.</summary>
    public int MaxBatch { get; }

    /// <summary>The number of inputs of an example.</summary>
    public int Inputs => _layers[0].Inputs;

    /// <summary>The number of classes.</summary>
    public int Classes => _layers[^1].Outputs;

    /// <summary>The memory of the weights and biases: pull into it.</summary>
    public TensorSet Parameters { get; } = [];

    /// <summary>The memory of their gradients: push from it.</summary>
    public TensorSet Gradients { get; } = [];

    /// <summary>The parameters of such a perceptron for a <see cref="ModelSpec"/>: <c>layer0.weight</c> [in, out], <c>layer0.bias</c> [out] and so on.</summary>
    /// <param name="sizes">As in the constructor.</param>
    /// <returns>Weights start uniform after He et al. 2015, biases at zero.</returns>
    public static IReadOnlyList<DenseParameter> ParametersOf(IReadOnlyList<int> sizes)
    {
        CheckSizes(sizes);
        var parameters = new List<DenseParameter>();
        for (var i = 0; i < sizes.Count - 1; i++)
        {
            parameters.Add(new(WeightName(i), [sizes[i], sizes[i + 1]], Initializer.HeUniform()));
            parameters.Add(new(BiasName(i), [sizes[i + 1]], Initializer.Zeros));
        }
        return parameters;
    }

    /// <summary>Computes what the last layer gives, before softmax.</summary>
    /// <param name="inputs">One example after the other, each of <see cref="Inputs"/> floats; at most <see cref="MaxBatch"/>.</param>
    /// <returns>Examples x <see cref="Classes"/> logits, valid until the next call.</returns>
    public ReadOnlySpan<float> Forward(ReadOnlySpan<float> inputs)
    {
        var batch = BatchOf(inputs);
        foreach (var layer in _layers)
        {
            layer.Forward(_matMul, inputs, batch);
            inputs = layer.Result(batch);
        }
        return inputs;
    }

    /// <summary>Computes <see cref="Gradients"/>: the derivatives of the mean loss of a batch.</summary>
    /// <param name="inputs">As in <see cref="Forward"/>.</param>
    /// <param name="labels">The class of each example, 0 to <see cref="Classes"/> - 1.</param>
    /// <returns>The mean loss.</returns>
    public double ComputeGradients(ReadOnlySpan<float> inputs, ReadOnlySpan<int> labels)
    {
        var loss = Loss(inputs, labels, out _) / labels.Length;
        var top = _layers[^1];
        var batch = labels.Length;
        SoftmaxCrossEntropy.Gradient(top.Result(batch), labels, Classes, top.Deltas(batch));
        for (var i = _layers.Length - 1; i > 0; i--)
            _layers[i].Backward(_matMul, _layers[i - 1].Result(batch), _layers[i - 1].Deltas(batch), batch);
        _layers[0].Backward(_matMul, inputs, [], batch);
        return loss;
    }

    /// <summary>Computes the loss of some examples, without gradients.</summary>
    /// <param name="inputs">As in <see cref="Forward"/>.</param>
    /// <param name="labels">As in <see cref="ComputeGradients"/>.</param>
    /// <param name="logits">What <see cref="Forward"/> returned.</param>
    /// <returns>The sum of their losses.</returns>
    public double Loss(ReadOnlySpan<float> inputs, ReadOnlySpan<int> labels, out ReadOnlySpan<float> logits)
    {
        logits = Forward(inputs);
        if (logits.Length != labels.Length * Classes)
            throw new ArgumentException($"There are {labels.Length} labels for {logits.Length / Classes} examples.", nameof(labels));
        return SoftmaxCrossEntropy.Loss(logits, labels, Classes);
    }

    private int BatchOf(ReadOnlySpan<float> inputs)
    {
        var batch = inputs.Length / Inputs;
        if (batch < 1 || batch > MaxBatch || batch * Inputs != inputs.Length)
            throw new ArgumentException(
                $"There are {inputs.Length} inputs; they must be 1 to {MaxBatch} examples of {Inputs}.", nameof(inputs));
        return batch;
    }

    private static void CheckSizes(IReadOnlyList<int> sizes)
    {
        ArgumentNullException.ThrowIfNull(sizes);
        if (sizes.Count < 2 || sizes.Any(s => s < 1))
            throw new ArgumentException("There must be at least two sizes, each >= 1.", nameof(sizes));
    }

    private static string WeightName(int layer) => $"layer{layer}.weight";

    private static string BiasName(int layer) => $"layer{layer}.bias";
}
