namespace OrleansPs.Training;

/// <summary>Draws numbers with given weights, each in constant time (Walker 1977, made as in Vose 1991).</summary>
/// <remarks>Immutable and thread safe.</remarks>
internal sealed class AliasTable
{
    private readonly double[] _own;
    private readonly int[] _other;

    /// <summary>Makes the table.</summary>
    /// <param name="weights">The weight of each number, >= 0, their sum above 0 and finite.</param>
    public AliasTable(ReadOnlySpan<double> weights)
    {
        var sum = 0.0;
        foreach (var weight in weights) sum += weight;
        _own = new double[weights.Length];
        _other = new int[weights.Length];
        var (small, large) = (new Stack<int>(), new Stack<int>());
        for (var i = 0; i < weights.Length; i++)
        {
            _own[i] = weights[i] / sum * weights.Length;
            _other[i] = i;
            (_own[i] < 1 ? small : large).Push(i);
        }
        while (small.Count > 0 && large.Count > 0)
        {
            var (less, more) = (small.Pop(), large.Pop());
            _other[less] = more;
            _own[more] -= 1 - _own[less];
            (_own[more] < 1 ? small : large).Push(more);
        }
        // What is left is 1, but for rounding.
        foreach (var i in small.Concat(large)) _own[i] = 1;
    }

    /// <summary>The next number.</summary>
    public int Draw(ref SplitMix64 random)
    {
        var i = random.Below(_own.Length);
        return random.NextUnit() < _own[i] ? i : _other[i];
    }
}
