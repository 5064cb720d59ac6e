namespace OrleansPs.Training;

/// <summary>The loss of a classifier: minus the log of the softmax probability of the right class.</summary>
internal static class SoftmaxCrossEntropy
{
    /// <summary>The sum of the losses of some examples.</summary>
    public static double Loss(ReadOnlySpan<float> logits, ReadOnlySpan<int> labels, int classes)
    {
        var loss = 0.0;
        for (var i = 0; i < labels.Length; i++)
        {
            var row = logits.Slice(i * classes, classes);
            var max = Max(row);
            var sum = 0f;
            foreach (var z in row) sum += MathF.Exp(z - max);
            loss += MathF.Log(sum) + max - row[labels[i]];
        }
        return loss;
    }

    /// <summary>The derivative of the mean loss by each logit: (softmax - one-hot) / examples.</summary>
    public static void Gradient(ReadOnlySpan<float> logits, ReadOnlySpan<int> labels, int classes, Span<float> gradient)
    {
        for (var i = 0; i < labels.Length; i++)
        {
            var target = gradient.Slice(i * classes, classes);
            Softmax(logits.Slice(i * classes, classes), target, 1f / labels.Length);
            target[labels[i]] -= 1f / labels.Length;
        }
    }

    private static void Softmax(ReadOnlySpan<float> row, Span<float> target, float scale)
    {
        var max = Max(row);
        var sum = 0f;
        for (var j = 0; j < row.Length; j++) sum += target[j] = MathF.Exp(row[j] - max);
        for (var j = 0; j < row.Length; j++) target[j] *= scale / sum;
    }

    private static float Max(ReadOnlySpan<float> row)
    {
        var max = row[0];
        foreach (var z in row) max = MathF.Max(max, z);
        return max;
    }
}
