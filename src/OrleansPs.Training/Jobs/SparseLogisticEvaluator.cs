namespace OrleansPs.Training;

/// <summary>Measures the weights of <see cref="SparseLogistic"/> on examples. Not thread safe.</summary>
internal sealed class SparseLogisticEvaluator : IEvaluator
{
    private readonly SparseExamples _examples;
    private readonly long[] _keys;
    private readonly float[] _weights;
    private readonly Dictionary<long, int> _slots = [];

    public SparseLogisticEvaluator(SparseExamples examples)
    {
        _examples = examples;
        _slots.Add(SparseLogistic.BiasKey, 0);
        for (var i = 0; i < examples.Count; i++)
            foreach (var key in examples.Keys(i)) _slots.TryAdd(key, _slots.Count);
        _keys = [.. _slots.Keys];
        _weights = new float[_keys.Length];
    }

    public async Task<Evaluation> EvaluateAsync(IParameterReader reader, CancellationToken cancellationToken = default)
    {
        await reader.ReadRowsAsync(SparseLogistic.Table, 1, _keys, _weights, cancellationToken).ConfigureAwait(false);
        var (scores, labels, loss) = (new double[_examples.Count], new bool[_examples.Count], 0.0);
        for (var i = 0; i < scores.Length; i++)
        {
            (scores[i], labels[i]) = (ScoreOf(i), _examples.Label(i));
            loss += Sigmoid.Loss(scores[i], labels[i]);
        }
        return new(scores.Length, loss / scores.Length, Metrics.AreaUnderRocCurve(scores, labels));
    }

    private double ScoreOf(int example)
    {
        var keys = _examples.Keys(example);
        var values = _examples.Values(example);
        var score = (double)_weights[0];
        for (var i = 0; i < keys.Length; i++) score += _weights[_slots[keys[i]]] * values[i];
        return score;
    }
}
