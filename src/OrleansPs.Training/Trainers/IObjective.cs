namespace OrleansPs.Training;

/// <summary>What a trainer makes small: a loss over numbered examples, with its gradient.</summary>
/// <remarks>One worker's own; it need not be thread safe.</remarks>
public interface IObjective
{
    /// <summary>The number of examples.</summary>
    int Examples { get; }

    /// <summary>Where the gradients are taken; the trainer pulls into it. May be empty.</summary>
    TensorSet Parameters { get; }

    /// <summary>The gradients; the trainer pushes from it.</summary>
    TensorSet Gradients { get; }

    /// <summary>Computes <see cref="Gradients"/> of the mean loss of some examples; the same for the same input.</summary>
    /// <param name="examples">Which examples, each 0 to <see cref="Examples"/> - 1.</param>
    /// <returns>The mean loss.</returns>
    double ComputeGradients(ReadOnlySpan<int> examples);
}
