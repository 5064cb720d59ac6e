namespace OrleansPs.Core.Snapshots;

/// <summary>Holds tensors against the parameters of a model, by name and shape.</summary>
public static class ParameterMatch
{
    /// <summary>Which parameters have a tensor of their name, shape and a type that is read.</summary>
    /// <param name="spec">The model's spec, valid.</param>
    /// <param name="tensors">The tensors.</param>
    /// <exception cref="ArgumentException">Two tensors have one name.</exception>
    public static LoadReport Of(ModelSpec spec, IReadOnlyList<WeightTensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(tensors);
        var byName = new Dictionary<string, WeightTensor>(StringComparer.Ordinal);
        foreach (var tensor in tensors)
            if (!byName.TryAdd(tensor.Name, tensor)) throw new ArgumentException($"There are two tensors '{tensor.Name}'.", nameof(tensors));
        var (loaded, missing, mismatched) = (new List<string>(), new List<string>(), new List<TensorMismatch>());
        foreach (var parameter in spec.Parameters)
        {
            if (!byName.Remove(parameter.Name, out var tensor)) missing.Add(parameter.Name);
            else if (Mismatch(parameter, tensor) is { } actual) mismatched.Add(new(parameter.Name, parameter.ShapeText, actual));
            else loaded.Add(parameter.Name);
        }
        return new()
        {
            Loaded = loaded,
            Missing = missing,
            Mismatched = mismatched,
            Unexpected = [.. tensors.Select(t => t.Name).Where(byName.ContainsKey)],
        };
    }

    /// <summary>The parameters of a spec as tensors.</summary>
    public static IReadOnlyList<WeightTensor> TensorsOf(ModelSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return [.. spec.Parameters.Select(p => new WeightTensor(p.Name, [.. p.Shape.Select(d => (long)d)]))];
    }

    private static string? Mismatch(DenseParameter parameter, WeightTensor tensor) =>
        !tensor.Shape.SequenceEqual(parameter.Shape.Select(d => (long)d)) ? tensor.ShapeText
        : tensor.IsFloat ? null
        : $"{tensor.ShapeText} of another type ({tensor.Type})";
}
