namespace OrleansPs.Training;

/// <summary>The loss of a perceptron on a set of images.</summary>
public sealed class ImageObjective : IObjective
{
    private readonly Mlp _mlp;
    private readonly LabeledImages _images;
    private readonly float[] _inputs;
    private readonly int[] _labels;

    /// <summary>Makes the objective of one worker.</summary>
    /// <param name="mlp">The perceptron; its sizes must fit the images.</param>
    /// <param name="images">The examples.</param>
    public ImageObjective(Mlp mlp, LabeledImages images)
    {
        ArgumentNullException.ThrowIfNull(mlp);
        ArgumentNullException.ThrowIfNull(images);
        if (mlp.Inputs != images.Features || mlp.Classes < images.Classes)
            throw new ArgumentException(
                $"A perceptron of {mlp.Inputs} inputs and {mlp.Classes} classes does not fit images of {images.Features} pixels and {images.Classes} classes.",
                nameof(mlp));
        _mlp = mlp;
        _images = images;
        _inputs = new float[mlp.MaxBatch * mlp.Inputs];
        _labels = new int[mlp.MaxBatch];
    }

    /// <inheritdoc/>
    public int Examples => _images.Count;

    /// <inheritdoc/>
    public TensorSet Parameters => _mlp.Parameters;

    /// <inheritdoc/>
    public TensorSet Gradients => _mlp.Gradients;

    /// <inheritdoc/>
    public double ComputeGradients(ReadOnlySpan<int> examples)
    {
        var inputs = _inputs.AsSpan(0, examples.Length * _mlp.Inputs);
        var labels = _labels.AsSpan(0, examples.Length);
        _images.CopyTo(examples, inputs, labels);
        return _mlp.ComputeGradients(inputs, labels);
    }
}
