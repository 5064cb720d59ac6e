namespace OrleansPs.Training.Tests.References;

/// <summary>
/// Logistic regression with FTRL-Proximal as McMahan et al. 2013, algorithm 1, write it down: one example after the other, one coordinate after the
/// other, with doubles, in one process. What the job on a parameter server is held against.
/// </summary>
internal sealed class FtrlReference(double alpha, double beta, double l1, double l2)
{
    private const long Bias = -1;
    private readonly Dictionary<long, double> _z = [];
    private readonly Dictionary<long, double> _n = [];

    public void Train(SparseExamples examples, int epochs, int seed)
    {
        var (order, random) = (Enumerable.Range(0, examples.Count).ToArray(), new Random(seed));
        for (var epoch = 0; epoch < epochs; epoch++)
        {
            random.Shuffle(order);
            foreach (var i in order) Update(examples, i);
        }
    }

    public double Auc(SparseExamples examples) => Metrics.AreaUnderRocCurve(
        [.. Enumerable.Range(0, examples.Count).Select(i => Score(examples, i))],
        [.. Enumerable.Range(0, examples.Count).Select(examples.Label)]);

    public double Weight(long key)
    {
        var (z, n) = (_z.GetValueOrDefault(key), _n.GetValueOrDefault(key));
        return Math.Abs(z) <= l1 ? 0 : -(z - (Math.Sign(z) * l1)) / (((beta + Math.Sqrt(n)) / alpha) + l2);
    }

    private double Score(SparseExamples examples, int i)
    {
        var score = Weight(Bias);
        for (var j = 0; j < examples.Keys(i).Length; j++) score += Weight(examples.Keys(i)[j]) * examples.Values(i)[j];
        return score;
    }

    private void Update(SparseExamples examples, int i)
    {
        var p = 1 / (1 + Math.Exp(-Score(examples, i)));
        var error = p - (examples.Label(i) ? 1 : 0);
        Update(Bias, error);
        for (var j = 0; j < examples.Keys(i).Length; j++) Update(examples.Keys(i)[j], error * examples.Values(i)[j]);
    }

    private void Update(long key, double g)
    {
        var n = _n.GetValueOrDefault(key);
        var sigma = (Math.Sqrt(n + (g * g)) - Math.Sqrt(n)) / alpha;
        _z[key] = _z.GetValueOrDefault(key) + g - (sigma * Weight(key));
        _n[key] = n + (g * g);
    }
}
