namespace OrleansPs.Core.Snapshots;

/// <summary>Holds tensors against the parameters and tables of a model, by name and shape.</summary>
/// <remarks>A table is two tensors: <c>name.keys</c>, whole numbers, and <c>name.rows</c>, one row for each key.</remarks>
public static class ParameterMatch
{
    /// <summary>The tensor with the keys of a table.</summary>
    public static string KeysOf(string table) => table + ".keys";

    /// <summary>The tensor with the rows of a table.</summary>
    public static string RowsOf(string table) => table + ".rows";

    /// <summary>Which parameters have a tensor of their name, shape and a type that is read, and which tables have two.</summary>
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
        var tally = new Tally();
        foreach (var parameter in spec.Parameters)
        {
            if (!byName.Remove(parameter.Name, out var tensor)) tally.Missing.Add(parameter.Name);
            else tally.Add(parameter.Name, parameter.ShapeText, Mismatch(parameter, tensor));
        }
        foreach (var table in spec.Tables)
        {
            if (!byName.ContainsKey(KeysOf(table.Name)) || !byName.Remove(RowsOf(table.Name), out var rows)) tally.Missing.Add(table.Name);
            else if (byName.Remove(KeysOf(table.Name), out var keys)) tally.Add(table.Name, $"[n] and [n, {table.Width}]", Mismatch(table, keys, rows));
        }
        return tally.ToReport(tensors.Select(t => t.Name).Where(byName.ContainsKey));
    }

    /// <summary>Which parameters and tables of a spec there are in another spec, in the same shape.</summary>
    /// <param name="from">What there is.</param>
    /// <param name="to">What is asked for.</param>
    public static LoadReport OfSpecs(ModelSpec from, ModelSpec to)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(to);
        var parameters = from.Parameters.ToDictionary(p => p.Name, StringComparer.Ordinal);
        var tables = from.Tables.ToDictionary(t => t.Name, StringComparer.Ordinal);
        var tally = new Tally();
        foreach (var parameter in to.Parameters)
        {
            if (!parameters.Remove(parameter.Name, out var was)) tally.Missing.Add(parameter.Name);
            else tally.Add(parameter.Name, parameter.ShapeText, was.Shape.SequenceEqual(parameter.Shape) ? null : was.ShapeText);
        }
        foreach (var table in to.Tables)
        {
            if (!tables.Remove(table.Name, out var was)) tally.Missing.Add(table.Name);
            else tally.Add(table.Name, $"rows of {table.Width}", was.Width == table.Width ? null : $"rows of {was.Width}");
        }
        return tally.ToReport(
            from.Parameters.Select(p => p.Name).Where(parameters.ContainsKey).Concat(from.Tables.Select(t => t.Name).Where(tables.ContainsKey)));
    }

    private static string? Mismatch(DenseParameter parameter, WeightTensor tensor) =>
        !tensor.Shape.SequenceEqual(parameter.Shape.Select(d => (long)d)) ? tensor.ShapeText
        : tensor.IsFloat ? null
        : $"{tensor.ShapeText} of another type ({tensor.Type})";

    private static string? Mismatch(EmbeddingTable table, WeightTensor keys, WeightTensor rows)
    {
        var fits = keys.Shape.Count == 1 && rows.Shape.Count == 2 && rows.Shape[0] == keys.Shape[0] && rows.Shape[1] == table.Width;
        return !fits ? $"{keys.ShapeText} and {rows.ShapeText}"
            : keys.Type == WeightType.Int64 && rows.IsFloat ? null
            : $"{keys.ShapeText} and {rows.ShapeText} of other types ({keys.Type} and {rows.Type})";
    }

    private sealed class Tally
    {
        private readonly List<string> _loaded = [];
        private readonly List<TensorMismatch> _mismatched = [];

        public List<string> Missing { get; } = [];

        public void Add(string name, string expected, string? actual)
        {
            if (actual is null) _loaded.Add(name);
            else _mismatched.Add(new(name, expected, actual));
        }

        public LoadReport ToReport(IEnumerable<string> unexpected) =>
            new() { Loaded = _loaded, Missing = Missing, Mismatched = _mismatched, Unexpected = [.. unexpected] };
    }
}
