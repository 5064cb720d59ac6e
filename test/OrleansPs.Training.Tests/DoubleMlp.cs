namespace OrleansPs.Training.Tests;

/// <summary>The perceptron's loss in double precision, written as the formulas say.</summary>
internal sealed class DoubleMlp
{
    private const double Step = 1e-6;
    private readonly int[] _sizes;
    private readonly Dictionary<string, double[]> _parameters = [];

    public DoubleMlp(int[] sizes, TensorSet parameters)
    {
        _sizes = sizes;
        foreach (var (name, values) in parameters) _parameters[name] = Array.ConvertAll(values.ToArray(), x => (double)x);
    }

    public double Derivative(string name, int index, float[] inputs, int[] labels)
    {
        ref var parameter = ref _parameters[name][index];
        var value = parameter;
        parameter = value + Step;
        var above = Loss(inputs, labels);
        parameter = value - Step;
        var below = Loss(inputs, labels);
        parameter = value;
        return (above - below) / (2 * Step);
    }

    public double Loss(float[] inputs, int[] labels)
    {
        var loss = 0.0;
        for (var i = 0; i < labels.Length; i++)
        {
            var logits = Forward(Array.ConvertAll(inputs[(i * _sizes[0])..((i + 1) * _sizes[0])], x => (double)x));
            loss += Math.Log(logits.Sum(Math.Exp)) - logits[labels[i]];
        }
        return loss / labels.Length;
    }

    private double[] Forward(double[] x)
    {
        for (var layer = 0; layer < _sizes.Length - 1; layer++)
        {
            var weight = _parameters[$"layer{layer}.weight"];
            var y = (double[])_parameters[$"layer{layer}.bias"].Clone();
            for (var i = 0; i < x.Length; i++)
                for (var j = 0; j < y.Length; j++)
                    y[j] += x[i] * weight[i * y.Length + j];
            x = layer == _sizes.Length - 2 ? y : Array.ConvertAll(y, v => Math.Max(0, v));
        }
        return x;
    }
}
