namespace OrleansPs;

/// <summary>Tensors in the caller's memory, to load a model from or to write to a file.</summary>
/// <remarks>Thread safe, as long as nobody changes the values meanwhile. Calls end where they began, without waiting.</remarks>
public sealed class TensorWeights : IWeightSource
{
    private readonly TensorSet _values;

    /// <summary>Tensors with names and shapes.</summary>
    /// <param name="parameters">Names and shapes, in the order of <see cref="Tensors"/>.</param>
    /// <param name="values">The elements of each of them; more than these may be in the set. It stays the caller's.</param>
    /// <exception cref="UnknownParameterException">A parameter has no values.</exception>
    /// <exception cref="ShapeMismatchException">A parameter's values are not as many as its shape says.</exception>
    public TensorWeights(IReadOnlyList<DenseParameter> parameters, TensorSet values)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(values);
        foreach (var parameter in parameters)
        {
            var actual = values[parameter.Name].Length;
            if (actual != parameter.Length)
                throw new ShapeMismatchException(parameter.Name, parameter.ShapeText, parameter.Length, actual);
        }
        _values = values;
        Tensors = [.. parameters.Select(p => new WeightTensor(p.Name, [.. p.Shape.Select(d => (long)d)]))];
    }

    /// <inheritdoc/>
    public IReadOnlyList<WeightTensor> Tensors { get; }

    /// <inheritdoc/>
    public ValueTask ReadAsync(
        string tensor, long start, Memory<float> destination, CancellationToken cancellationToken = default)
    {
        var values = _values[tensor];
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start + destination.Length, values.Length, nameof(destination));
        values.Slice((int)start, destination.Length).CopyTo(destination);
        return default;
    }

    /// <inheritdoc/>
    /// <remarks>There are no keys in a set of tensors.</remarks>
    public ValueTask ReadKeysAsync(
        string tensor, long start, Memory<long> destination, CancellationToken cancellationToken = default) =>
        throw new UnknownParameterException(tensor, []);
}
