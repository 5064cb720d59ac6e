namespace OrleansPs.Training;

/// <summary>A loss that depends on few rows of embedding tables for each example.</summary>
/// <remarks>
/// Its gradients are those of the sum of its examples' losses, not of the mean: most rows are touched by one example of a batch alone, and how far that moves them should
/// not depend on how many others there are. Models of it have <see cref="Reduction.Sum"/> for the same reason.
/// </remarks>
public interface IRowObjective : IObjective
{
    /// <summary>The rows that the selected examples depend on; the trainer pulls into it.</summary>
    RowSet Rows { get; }

    /// <summary>Their gradients; the trainer pushes from it.</summary>
    RowSet RowGradients { get; }

    /// <summary>
    /// Fills <see cref="Rows"/> and <see cref="RowGradients"/> with what some examples touch. <see cref="IObjective.ComputeGradients"/> of the same
    /// examples follows, once the rows are pulled.
    /// </summary>
    /// <param name="examples">Which examples, each 0 to <see cref="IObjective.Examples"/> - 1.</param>
    /// <param name="seed">What all that is drawn at random for this batch depends on.</param>
    void SelectRows(ReadOnlySpan<int> examples, ulong seed);
}
