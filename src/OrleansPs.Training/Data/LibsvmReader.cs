using System.Globalization;

namespace OrleansPs.Training;

/// <summary>
/// Reads LIBSVM files (Chang and Lin 2011), one example a line: a label and then <c>index:value</c> with rising indices, spaces or tabs in
/// between; what follows a <c>#</c> is a comment. One example is in memory at a time.
/// </summary>
/// <remarks>Not thread safe.</remarks>
public sealed class LibsvmReader : IDisposable
{
    private readonly LineReader _lines;
    private long[] _keys = new long[64];
    private float[] _values = new float[64];
    private int _count;

    /// <summary>Opens a file.</summary>
    /// <exception cref="DataFormatException">It is missing or can't be read.</exception>
    public LibsvmReader(string path) => _lines = new(path);

    /// <summary>The example's label.</summary>
    public float Label { get; private set; }

    /// <summary>Its indices, each >= 0 and rising; valid until the next example is read.</summary>
    public ReadOnlySpan<long> Keys => _keys.AsSpan(0, _count);

    /// <summary>Its values, as many as <see cref="Keys"/>, each finite.</summary>
    public ReadOnlySpan<float> Values => _values.AsSpan(0, _count);

    /// <summary>The number of its line, from 1.</summary>
    public int Line => _lines.Number;

    /// <summary>Goes to the next example; lines without one are passed over.</summary>
    /// <returns>False at the end of the file.</returns>
    /// <exception cref="DataFormatException">The line is bad: the message says where, and what was expected.</exception>
    public bool Read()
    {
        while (_lines.Read())
            if (Parse(_lines.Line)) return true;
        return false;
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _lines.Dispose();

    /// <summary>The error of the present line's label, for labels that a reader of examples has no use for.</summary>
    internal DataFormatException BadLabel(string expected) =>
        _lines.Bad(0, string.Create(CultureInfo.InvariantCulture, $"the label is {Label}; {expected} was expected."));

    private bool Parse(ReadOnlySpan<char> line)
    {
        if (line.IndexOf('#') is >= 0 and var comment) line = line[..comment];
        _count = 0;
        var hasLabel = false;
        for (var at = 0; Next(line, ref at, out var first, out var item); hasLabel = true)
        {
            if (hasLabel) AddFeature(item, first);
            else Label = ParseFloat(item, first, "the label, a finite number,");
        }
        return hasLabel;
    }

    private void AddFeature(ReadOnlySpan<char> item, int column)
    {
        var colon = item.IndexOf(':');
        if (colon < 0) throw _lines.Bad(column, $"'{Shown(item)}' has no colon; index:value was expected.");
        if (!long.TryParse(item[..colon], NumberStyles.None, CultureInfo.InvariantCulture, out var key))
            throw _lines.Bad(column, $"'{Shown(item[..colon])}' is there; an index, a whole number >= 0, was expected.");
        if (_count > 0 && key <= _keys[_count - 1])
            throw _lines.Bad(column, FormattableString.Invariant($"the index {key} follows {_keys[_count - 1]}; rising indices were expected."));
        var value = ParseFloat(item[(colon + 1)..], column + colon + 1, "a value, a finite number,");
        if (_count == _keys.Length)
        {
            Array.Resize(ref _keys, 2 * _count);
            Array.Resize(ref _values, 2 * _count);
        }
        (_keys[_count], _values[_count]) = (key, value);
        _count++;
    }

    private float ParseFloat(ReadOnlySpan<char> text, int column, string expected) =>
        float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && float.IsFinite(value)
            ? value : throw _lines.Bad(column, $"'{Shown(text)}' is there; {expected} was expected.");

    private static bool Next(ReadOnlySpan<char> line, ref int at, out int first, out ReadOnlySpan<char> item)
    {
        while (at < line.Length && line[at] is ' ' or '\t') at++;
        first = at;
        while (at < line.Length && line[at] is not (' ' or '\t')) at++;
        item = line[first..at];
        return item.Length > 0;
    }

    private static string Shown(ReadOnlySpan<char> text) => text.Length <= 40 ? text.ToString() : $"{text[..40]}...";
}
