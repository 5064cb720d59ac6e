namespace OrleansPs.Training;

/// <summary>How good predictions are.</summary>
public static class Metrics
{
    /// <summary>
    /// The area under the ROC curve: the probability that an example of the class scores higher than one that is not of it, where equal scores count
    /// half (Hanley and McNeil 1982). Computed from ranks in O(n log n).
    /// </summary>
    /// <param name="scores">A score for each example, not NaN.</param>
    /// <param name="labels">Whether each is of the class.</param>
    /// <returns>0 to 1; NaN if all examples are of one kind.</returns>
    public static double AreaUnderRocCurve(ReadOnlySpan<double> scores, ReadOnlySpan<bool> labels)
    {
        RequireSameLength(scores.Length, labels.Length);
        var ranks = Ranks(scores);
        var (sum, positives) = (0.0, 0L);
        for (var i = 0; i < labels.Length; i++)
        {
            if (!labels[i]) continue;
            sum += ranks[i];
            positives++;
        }
        var negatives = labels.Length - positives;
        return (sum - positives * (positives + 1) / 2.0) / ((double)positives * negatives);
    }

    /// <summary>The root of the mean squared difference.</summary>
    /// <returns>>= 0; NaN if there are no numbers.</returns>
    public static double RootMeanSquaredError(ReadOnlySpan<double> predictions, ReadOnlySpan<double> targets)
    {
        RequireSameLength(predictions.Length, targets.Length);
        var sum = 0.0;
        for (var i = 0; i < predictions.Length; i++) sum += (predictions[i] - targets[i]) * (predictions[i] - targets[i]);
        return Math.Sqrt(sum / predictions.Length);
    }

    /// <summary>Spearman's rank correlation: Pearson's of the ranks, where equal numbers share the mean of their ranks.</summary>
    /// <param name="x">Numbers, not NaN.</param>
    /// <param name="y">As many.</param>
    /// <returns>-1 to 1; NaN if all numbers of a side are equal.</returns>
    public static double SpearmanCorrelation(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        RequireSameLength(x.Length, y.Length);
        var (a, b) = (Ranks(x), Ranks(y));
        var mean = (x.Length + 1) / 2.0;
        var (product, squareA, squareB) = (0.0, 0.0, 0.0);
        for (var i = 0; i < a.Length; i++)
        {
            product += (a[i] - mean) * (b[i] - mean);
            squareA += (a[i] - mean) * (a[i] - mean);
            squareB += (b[i] - mean) * (b[i] - mean);
        }
        return product / Math.Sqrt(squareA * squareB);
    }

    // From 1; equal numbers share the mean of their ranks.
    private static double[] Ranks(ReadOnlySpan<double> values)
    {
        var (sorted, order) = (values.ToArray(), new int[values.Length]);
        for (var i = 0; i < order.Length; i++) order[i] = i;
        Array.Sort(sorted, order);
        var ranks = new double[order.Length];
        for (int first = 0, end; first < order.Length; first = end)
        {
            for (end = first + 1; end < order.Length && sorted[end] == sorted[first];) end++;
            for (var i = first; i < end; i++) ranks[order[i]] = (first + 1 + end) / 2.0;
        }
        return ranks;
    }

    private static void RequireSameLength(int one, int other)
    {
        if (one != other) throw new ArgumentException($"There are {one} numbers on one side and {other} on the other.");
    }
}
