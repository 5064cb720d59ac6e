namespace OrleansPs.Training;

/// <summary>The log loss of a linear model with one weight a feature, and one for all examples, on sparse examples.</summary>
internal sealed class SparseLogisticObjective : RowObjective
{
    private readonly SparseExamples _examples;
    private readonly RowBuffer _weights;
    private readonly List<int> _slots = [];

    public SparseLogisticObjective(SparseExamples examples)
        : this(examples, new RowBuffer(SparseLogistic.Table, 1)) { }

    private SparseLogisticObjective(SparseExamples examples, RowBuffer weights)
        : base(weights)
    {
        _examples = examples;
        _weights = weights;
    }

    public override int Examples => _examples.Count;

    protected override void Select(ReadOnlySpan<int> examples, SplitMix64 random)
    {
        _slots.Clear();
        _weights.SlotOf(SparseLogistic.BiasKey);
        foreach (var example in examples)
            foreach (var key in _examples.Keys(example)) _slots.Add(_weights.SlotOf(key));
    }

    // The weight of all examples has the first slot.
    protected override double Compute(ReadOnlySpan<int> examples)
    {
        var loss = 0.0;
        var slots = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_slots);
        foreach (var example in examples)
        {
            var values = _examples.Values(example);
            loss += AddGradients(slots[..values.Length], values, _examples.Label(example));
            slots = slots[values.Length..];
        }
        return loss / examples.Length;
    }

    private double AddGradients(ReadOnlySpan<int> slots, ReadOnlySpan<float> values, bool label)
    {
        var score = (double)_weights.Row(0)[0];
        for (var i = 0; i < slots.Length; i++) score += _weights.Row(slots[i])[0] * values[i];
        var error = (float)(Sigmoid.Of(score) - (label ? 1 : 0));
        _weights.Gradient(0)[0] += error;
        for (var i = 0; i < slots.Length; i++) _weights.Gradient(slots[i])[0] += error * values[i];
        return Sigmoid.Loss(score, label);
    }
}
