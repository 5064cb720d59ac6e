namespace OrleansPs.Training;

/// <summary>The logistic function and its loss, exact for scores of any size.</summary>
internal static class Sigmoid
{
    /// <summary>1 / (1 + exp(-score)).</summary>
    public static double Of(double score)
    {
        var e = Math.Exp(-Math.Abs(score));
        return (score >= 0 ? 1 : e) / (1 + e);
    }

    /// <summary>The log loss: -log of the probability of what is so.</summary>
    public static double Loss(double score, bool label)
    {
        var wrong = label ? -score : score;
        return Math.Max(wrong, 0) + Math.Log(1 + Math.Exp(-Math.Abs(wrong)));
    }
}
