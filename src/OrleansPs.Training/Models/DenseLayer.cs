using System.Numerics.Tensors;

namespace OrleansPs.Training;

/// <summary>One layer of an <see cref="Mlp"/>: y = x W + b, and max(0, y) unless it is the last.</summary>
internal sealed class DenseLayer(int inputs, int outputs, bool relu, int maxBatch)
{
    private readonly float[] _outputs = new float[maxBatch * outputs];
    private readonly float[] _deltas = new float[maxBatch * outputs];

    public int Inputs { get; } = inputs;

    public int Outputs { get; } = outputs;

    /// <summary>[in, out]</summary>
    public float[] Weight { get; } = new float[inputs * outputs];

    public float[] Bias { get; } = new float[outputs];

    public float[] WeightGradient { get; } = new float[inputs * outputs];

    public float[] BiasGradient { get; } = new float[outputs];

    /// <summary>What the layer gave for the last batch.</summary>
    public Span<float> Result(int batch) => _outputs.AsSpan(0, batch * Outputs);

    /// <summary>Where the derivative of the loss by the layer's result goes before <see cref="Backward"/>.</summary>
    public Span<float> Deltas(int batch) => _deltas.AsSpan(0, batch * Outputs);

    public void Forward(MatMul matMul, ReadOnlySpan<float> x, int batch)
    {
        var result = Result(batch);
        for (var i = 0; i < batch; i++) Bias.CopyTo(result[(i * Outputs)..]);
        matMul.Multiply(new(x, batch, Inputs), new(Weight, Inputs, Outputs), result, accumulate: true);
        if (relu) TensorPrimitives.Max(result, 0f, result);
    }

    /// <summary>From the deltas: the gradients and, if wanted, the deltas of the layer below.</summary>
    public void Backward(MatMul matMul, ReadOnlySpan<float> x, Span<float> deltasBelow, int batch)
    {
        var deltas = Deltas(batch);
        if (relu) MaskWhereOff(deltas, Result(batch));
        matMul.Multiply(new MatrixView(x, batch, Inputs).Transposed, new(deltas, batch, Outputs), WeightGradient);
        SumRows(deltas, BiasGradient);
        if (!deltasBelow.IsEmpty)
            matMul.Multiply(new(deltas, batch, Outputs), new MatrixView(Weight, Inputs, Outputs).Transposed, deltasBelow);
    }

    private static void MaskWhereOff(Span<float> deltas, ReadOnlySpan<float> result)
    {
        for (var i = 0; i < deltas.Length; i++)
            deltas[i] = result[i] > 0 ? deltas[i] : 0;
    }

    private static void SumRows(ReadOnlySpan<float> rows, Span<float> sum)
    {
        sum.Clear();
        for (var i = 0; i < rows.Length; i += sum.Length)
            TensorPrimitives.Add(sum, rows.Slice(i, sum.Length), sum);
    }
}
