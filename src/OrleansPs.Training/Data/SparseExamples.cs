using System.Globalization;
using System.Text;

namespace OrleansPs.Training;

/// <summary>Examples of two classes with few features each: what a sparse linear model is trained and tested with.</summary>
/// <remarks>Filled once, and from then on thread safe: all workers of a process share one. Its features lie one after the other in memory.</remarks>
public sealed class SparseExamples
{
    private readonly List<long> _keys = [];
    private readonly List<float> _values = [];
    private readonly List<int> _starts = [0];
    private readonly List<bool> _labels = [];

    /// <summary>The number of examples.</summary>
    public int Count => _labels.Count;

    /// <summary>The number of features of all examples together.</summary>
    public int Features => _keys.Count;

    /// <summary>Reads a LIBSVM file; the label of the one class is 1, that of the other 0 or -1.</summary>
    /// <exception cref="DataFormatException">It is missing or bad, or has another label.</exception>
    public static SparseExamples Load(string path)
    {
        using var reader = new LibsvmReader(path);
        var examples = new SparseExamples();
        while (reader.Read())
        {
            if (reader.Label is not (1 or 0 or -1)) throw reader.BadLabel("1, or for the other class 0 or -1,");
            examples.Add(reader.Label == 1, reader.Keys, reader.Values);
        }
        return examples.Count > 0 ? examples : throw new DataFormatException(path, "it holds no example.");
    }

    /// <summary>Adds an example.</summary>
    /// <param name="label">Whether it is of the class whose probability is learned.</param>
    /// <param name="keys">Its features, each >= 0.</param>
    /// <param name="values">Their values, as many, each finite.</param>
    public void Add(bool label, ReadOnlySpan<long> keys, ReadOnlySpan<float> values)
    {
        if (keys.Length != values.Length) throw new ArgumentException($"There are {keys.Length} keys and {values.Length} values.", nameof(values));
        if (keys.IndexOfAnyInRange(long.MinValue, -1) >= 0) throw new ArgumentException("A key is negative; keys are >= 0.", nameof(keys));
        _keys.AddRange(keys);
        _values.AddRange(values);
        _labels.Add(label);
        _starts.Add(_keys.Count);
    }

    /// <summary>Whether an example is of the class whose probability is learned.</summary>
    public bool Label(int index) => _labels[index];

    /// <summary>The features of an example.</summary>
    public ReadOnlySpan<long> Keys(int index) => Part(_keys, index);

    /// <summary>Their values.</summary>
    public ReadOnlySpan<float> Values(int index) => Part(_values, index);

    /// <summary>Cuts the examples in two, by the hash of their numbers.</summary>
    public (SparseExamples Train, SparseExamples Test) Split(HashedSplit split)
    {
        var (train, test) = (new SparseExamples(), new SparseExamples());
        for (var i = 0; i < Count; i++) (split.IsTest((ulong)i) ? test : train).Add(Label(i), Keys(i), Values(i));
        return (train, test);
    }

    /// <summary>Writes a LIBSVM file, with labels 1 and 0; the keys of each example must rise, as that format wants.</summary>
    public void Save(string path)
    {
        using var writer = new StreamWriter(path, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        for (var i = 0; i < Count; i++)
        {
            writer.Write(Label(i) ? '1' : '0');
            var (first, end) = (_starts[i], _starts[i + 1]);
            for (var j = first; j < end; j++)
                writer.Write(string.Create(CultureInfo.InvariantCulture, $" {_keys[j]}:{_values[j]:R}"));
            writer.Write('\n');
        }
    }

    private ReadOnlySpan<T> Part<T>(List<T> all, int index) =>
        System.Runtime.InteropServices.CollectionsMarshal.AsSpan(all)[_starts[index].._starts[index + 1]];
}
