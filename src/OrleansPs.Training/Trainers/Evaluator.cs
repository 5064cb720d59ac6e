using System.Numerics.Tensors;

namespace OrleansPs.Training;

/// <summary>Measures a perceptron on a set of images: its score is the share of them whose class it finds. Not thread safe.</summary>
public sealed class Evaluator : IEvaluator
{
    private const int Batch = 256;
    private readonly Mlp _mlp;
    private readonly LabeledImages _images;
    private readonly float[] _inputs;
    private readonly int[] _labels = new int[Batch];
    private readonly int[] _indices = new int[Batch];

    /// <summary>Makes an evaluator.</summary>
    /// <param name="sizes">The perceptron's, see <see cref="Mlp"/>.</param>
    /// <param name="images">The images, usually those to test with.</param>
    public Evaluator(IReadOnlyList<int> sizes, LabeledImages images)
    {
        ArgumentNullException.ThrowIfNull(images);
        _mlp = new(sizes, Batch);
        _images = images;
        _inputs = new float[Batch * _mlp.Inputs];
    }

    /// <summary>The perceptron's weights: what is evaluated.</summary>
    public TensorSet Parameters => _mlp.Parameters;

    /// <inheritdoc/>
    public async Task<Evaluation> EvaluateAsync(IParameterReader reader, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reader);
        await reader.ReadLatestAsync(Parameters, cancellationToken).ConfigureAwait(false);
        return Evaluate();
    }

    /// <summary>Evaluates what <see cref="Parameters"/> holds.</summary>
    public Evaluation Evaluate()
    {
        var loss = 0.0;
        var right = 0;
        for (var first = 0; first < _images.Count; first += Batch)
            right += EvaluateBatch(first, Math.Min(Batch, _images.Count - first), ref loss);
        return new(_images.Count, loss / _images.Count, (double)right / _images.Count);
    }

    private int EvaluateBatch(int first, int count, ref double loss)
    {
        for (var i = 0; i < count; i++) _indices[i] = first + i;
        var inputs = _inputs.AsSpan(0, count * _mlp.Inputs);
        var labels = _labels.AsSpan(0, count);
        _images.CopyTo(_indices.AsSpan(0, count), inputs, labels);
        loss += _mlp.Loss(inputs, labels, out var logits);
        var right = 0;
        for (var i = 0; i < count; i++)
            if (TensorPrimitives.IndexOfMax(logits.Slice(i * _mlp.Classes, _mlp.Classes)) == labels[i]) right++;
        return right;
    }
}
