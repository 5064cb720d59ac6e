using System.Collections;

namespace OrleansPs;

/// <summary>
/// Names of dense parameters with the caller's memory for each: where pulls write to, and pushes read from.
/// </summary>
/// <remarks>
/// Make it once and use it again and again: a session remembers how a set maps to blocks, and calls with a known set
/// allocate nothing. Not thread safe while it is filled; once used, do not add to it.
/// </remarks>
public sealed class TensorSet : IEnumerable<KeyValuePair<string, Memory<float>>>
{
    private readonly List<KeyValuePair<string, Memory<float>>> _tensors = [];
    private readonly Dictionary<string, int> _index = new(StringComparer.Ordinal);

    /// <summary>How many parameters the set names.</summary>
    public int Count => _tensors.Count;

    /// <summary>The memory of a parameter.</summary>
    /// <exception cref="UnknownParameterException">The set does not name this parameter.</exception>
    public Memory<float> this[string name] =>
        _index.TryGetValue(name, out var i) ? _tensors[i].Value : throw new UnknownParameterException(name, _index.Keys);

    /// <summary>The name and memory at a place in the order of adding.</summary>
    public KeyValuePair<string, Memory<float>> this[int index] => _tensors[index];

    /// <summary>Fresh memory for every parameter of a model.</summary>
    public static TensorSet For(ModelSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var set = new TensorSet();
        foreach (var parameter in spec.Parameters)
            set.Add(parameter.Name, new float[parameter.Length]);
        return set;
    }

    /// <summary>Adds a parameter's memory: its elements in row-major order.</summary>
    /// <exception cref="ArgumentException">The name is already in the set.</exception>
    public void Add(string name, Memory<float> values)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (!_index.TryAdd(name, _tensors.Count))
            throw new ArgumentException($"Parameter '{name}' is already in the set.", nameof(name));
        _tensors.Add(new(name, values));
    }

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, Memory<float>>> GetEnumerator() => _tensors.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
