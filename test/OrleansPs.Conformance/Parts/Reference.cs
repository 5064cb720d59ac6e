namespace OrleansPs.Conformance;

/// <summary>The update rules as their papers and PyTorch's manual state them, element by element, in double.</summary>
public sealed class Reference(Optimizer optimizer, IReadOnlyList<float> start)
{
    private readonly double[] _first = new double[start.Count];
    private readonly double[] _second = new double[start.Count];
    private long _updates;

    public double[] Values { get; } = [.. start.Select(v => (double)v)];

    public void Step(IReadOnlyList<float> gradient, double lrFactor = 1)
    {
        _updates++;
        for (var i = 0; i < Values.Length; i++) Values[i] = Updated(i, gradient[i], optimizer.Lr * lrFactor);
    }

    private double Updated(int i, double g, double lr) => optimizer switch
    {
        SgdOptimizer sgd => Values[i] - lr * Direction(sgd, i, g + sgd.WeightDecay * Values[i]),
        AdamOptimizer { Decoupled: true } adam => Values[i] * (1 - lr * adam.WeightDecay) - Adam(adam, i, g, lr),
        AdamOptimizer adam => Values[i] - Adam(adam, i, g + adam.WeightDecay * Values[i], lr),
        AdagradOptimizer adagrad => Values[i] - Adagrad(adagrad, i, g + adagrad.WeightDecay * Values[i], lr),
        RmsPropOptimizer rmsProp => Values[i] - lr * RmsProp(rmsProp, i, g + rmsProp.WeightDecay * Values[i]),
        FtrlProximalOptimizer ftrl => FtrlProximal(ftrl, i, g, lr),
        SumOptimizer => Values[i] + g,
        _ => g,
    };

    private double Direction(SgdOptimizer sgd, int i, double g)
    {
        if (sgd.Momentum == 0) return g;
        _first[i] = _updates == 1 ? g : sgd.Momentum * _first[i] + (1 - sgd.Dampening) * g;
        return sgd.Nesterov ? g + sgd.Momentum * _first[i] : _first[i];
    }

    private double Adam(AdamOptimizer adam, int i, double g, double lr)
    {
        _first[i] = adam.Beta1 * _first[i] + (1 - adam.Beta1) * g;
        _second[i] = adam.Beta2 * _second[i] + (1 - adam.Beta2) * g * g;
        var mean = _first[i] / (1 - Math.Pow(adam.Beta1, _updates));
        var variance = _second[i] / (1 - Math.Pow(adam.Beta2, _updates));
        return lr * mean / (Math.Sqrt(variance) + adam.Eps);
    }

    private double Adagrad(AdagradOptimizer adagrad, int i, double g, double lr)
    {
        if (_updates == 1) _first[i] = adagrad.InitialAccumulatorValue;
        _first[i] += g * g;
        return lr / (1 + (_updates - 1) * adagrad.LrDecay) * g / (Math.Sqrt(_first[i]) + adagrad.Eps);
    }

    private double RmsProp(RmsPropOptimizer rmsProp, int i, double g)
    {
        _first[i] = rmsProp.Alpha * _first[i] + (1 - rmsProp.Alpha) * g * g;
        if (rmsProp.Centered)
        {
            _second[i] = rmsProp.Alpha * _second[i] + (1 - rmsProp.Alpha) * g;
            return g / (Math.Sqrt(_first[i] - _second[i] * _second[i]) + rmsProp.Eps);
        }
        _second[i] = rmsProp.Momentum * _second[i] + g / (Math.Sqrt(_first[i]) + rmsProp.Eps);
        return _second[i];
    }

    // The paper's algorithm to the letter, from a z that gives the first value.
    private double FtrlProximal(FtrlProximalOptimizer ftrl, int i, double g, double alpha)
    {
        ref var z = ref _first[i];
        ref var n = ref _second[i];
        var w = Values[i];
        if (_updates == 1) z = -Math.Sign(w) * ftrl.L1 - (ftrl.Beta / alpha + ftrl.L2) * w;
        z += g - (Math.Sqrt(n + g * g) - Math.Sqrt(n)) / alpha * w;
        n += g * g;
        return Math.Abs(z) <= ftrl.L1 ? 0 : (Math.Sign(z) * ftrl.L1 - z) / ((ftrl.Beta + Math.Sqrt(n)) / alpha + ftrl.L2);
    }
}
