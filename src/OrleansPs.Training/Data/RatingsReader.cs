using System.Globalization;

namespace OrleansPs.Training;

/// <summary>
/// Reads ratings, one a line: user, item, rating and, where there is one, a timestamp; with commas, semicolons, tabs or MovieLens' <c>::</c> in between. The first
/// line may name the columns (<c>userId,movieId,rating,timestamp</c>); then they may stand in any order. One line is in memory at a time.
/// </summary>
/// <remarks>Not thread safe.</remarks>
public sealed class RatingsReader : IDisposable
{
    private static readonly string[][] s_names =
        [["user", "userid", "user_id"], ["item", "itemid", "item_id", "movieid", "movie_id"], ["rating"], ["timestamp", "time"]];

    private static readonly string[] s_separators = ["\t", "::", ",", ";"];

    private readonly LineReader _lines;
    private readonly Range[] _fields = new Range[64];
    private int[] _columns = [0, 1, 2, 3];
    private string? _separator;

    /// <summary>Opens a file.</summary>
    /// <exception cref="DataFormatException">It is missing or can't be read.</exception>
    public RatingsReader(string path) => _lines = new(path);

    /// <summary>The user, >= 0.</summary>
    public long User { get; private set; }

    /// <summary>The item, >= 0.</summary>
    public long Item { get; private set; }

    /// <summary>The rating, finite.</summary>
    public float Rating { get; private set; }

    /// <summary>When it was made, in the file's own measure; null where the file does not say.</summary>
    public long? Timestamp { get; private set; }

    /// <summary>Goes to the next rating; empty lines are passed over.</summary>
    /// <returns>False at the end of the file.</returns>
    /// <exception cref="DataFormatException">The line is bad: the message says where, and what was expected.</exception>
    public bool Read()
    {
        while (_lines.Read())
        {
            var line = _lines.Line;
            if (line.Trim().IsEmpty || (_separator is null && IsHeading(line))) continue;
            Parse(line);
            return true;
        }
        return false;
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _lines.Dispose();

    // The first line says what stands between fields, and maybe in which order they are.
    private bool IsHeading(ReadOnlySpan<char> line)
    {
        var text = line.ToString();
        _separator = s_separators.FirstOrDefault(text.Contains) ?? ",";
        var names = text.Split(_separator, StringSplitOptions.TrimEntries).Select(name => name.Trim('"').ToLowerInvariant()).ToArray();
        if (long.TryParse(names[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)) return false;
        var columns = Array.ConvertAll(s_names, known => Array.FindIndex(names, known.Contains));
        for (var i = 0; i < 3; i++)
            if (columns[i] < 0)
                throw _lines.Bad(0, $"the columns are '{string.Join("', '", names.Take(8))}'; one named {string.Join(" or ", s_names[i])} was expected.");
        if (names.Length > _fields.Length) throw _lines.Bad(0, $"there are {names.Length} columns; at most {_fields.Length} were expected.");
        _columns = columns;
        return true;
    }

    private void Parse(ReadOnlySpan<char> line)
    {
        var count = line.Split(_fields, _separator);
        User = Whole(line, _columns[0], count, "a user");
        Item = Whole(line, _columns[1], count, "an item");
        var rating = Field(line, _columns[2], count, "a rating", out var at);
        Rating = float.TryParse(rating, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && float.IsFinite(value)
            ? value : throw _lines.Bad(at, $"'{rating}' is there; a rating, a finite number, was expected.");
        Timestamp = _columns[3] >= 0 && _columns[3] < count ? Whole(line, _columns[3], count, "a timestamp") : null;
    }

    private long Whole(ReadOnlySpan<char> line, int column, int count, string what)
    {
        var text = Field(line, column, count, what, out var at);
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            ? value : throw _lines.Bad(at, $"'{text}' is there; {what}, a whole number >= 0, was expected.");
    }

    private ReadOnlySpan<char> Field(ReadOnlySpan<char> line, int column, int count, string what, out int at)
    {
        if (column >= count) throw _lines.Bad(line.Length, $"the line ends after {count} fields; {what} was expected.");
        at = _fields[column].Start.GetOffset(line.Length);
        return line[_fields[column]].Trim().Trim('"');
    }
}
