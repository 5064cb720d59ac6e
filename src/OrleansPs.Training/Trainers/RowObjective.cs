namespace OrleansPs.Training;

/// <summary>What objectives over rows of tables share. One worker's own, not thread safe.</summary>
internal abstract class RowObjective(params RowBuffer[] tables) : IRowObjective
{
    public abstract int Examples { get; }

    public TensorSet Parameters { get; } = [];

    public TensorSet Gradients { get; } = [];

    public RowSet Rows { get; } = new();

    public RowSet RowGradients { get; } = new();

    public void SelectRows(ReadOnlySpan<int> examples, ulong seed)
    {
        foreach (var table in tables) table.Clear();
        Select(examples, new SplitMix64(seed));
        Rows.Clear();
        RowGradients.Clear();
        foreach (var table in tables) table.AddTo(Rows, RowGradients);
    }

    public double ComputeGradients(ReadOnlySpan<int> examples)
    {
        foreach (var table in tables) table.ClearGradients();
        return Compute(examples);
    }

    /// <summary>Gives each row that the examples touch a slot.</summary>
    protected abstract void Select(ReadOnlySpan<int> examples, SplitMix64 random);

    /// <summary>Adds up the gradients of the examples' losses.</summary>
    /// <returns>Their mean loss.</returns>
    protected abstract double Compute(ReadOnlySpan<int> examples);
}
