using System.Text;

namespace OrleansPs.Training;

/// <summary>Reads a text file line by line into one buffer, so that memory is bounded by the longest line; and says where in it something is wrong.</summary>
internal sealed class LineReader : IDisposable
{
    /// <summary>The longest line that is read, in characters.</summary>
    public const int MaxLength = 1 << 24;

    private readonly StreamReader _reader;
    private readonly string _file;
    private char[] _buffer = new char[1 << 14];
    private int _line;
    private int _length;
    private int _next;
    private int _end;

    /// <summary>Opens a file of UTF-8, or of another encoding that its first bytes name.</summary>
    /// <exception cref="DataFormatException">It is missing or can't be read.</exception>
    public LineReader(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        _file = path;
        _reader = Guard(path, () => new StreamReader(path, Encoding.UTF8));
    }

    /// <summary>The line without its end, valid until the next one is read.</summary>
    public ReadOnlySpan<char> Line => _buffer.AsSpan(_line, _length);

    /// <summary>The line's number, from 1.</summary>
    public int Number { get; private set; }

    /// <summary>Goes to the next line.</summary>
    /// <returns>False at the end of the file.</returns>
    /// <exception cref="DataFormatException">The line is too long, or can't be read.</exception>
    public bool Read()
    {
        for (var searched = 0; ;)
        {
            var rest = _buffer.AsSpan(_next, _end - _next);
            var found = rest[searched..].IndexOf('\n');
            if (found >= 0) return Take(searched + found, 1);
            searched = rest.Length;
            if (!Fill()) return rest.Length > 0 && Take(rest.Length, 0);
        }
    }

    /// <summary>The error of this line.</summary>
    /// <param name="column">The character, from 0, at which it is found.</param>
    /// <param name="problem">What is there, and what was expected.</param>
    public DataFormatException Bad(int column, string problem) =>
        new(_file, FormattableString.Invariant($"line {Number}, column {column + 1}: {problem}"));

    public void Dispose() => _reader.Dispose();

    /// <summary>Turns the errors of reading a file into one type.</summary>
    public static T Guard<T>(string file, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new DataFormatException(file, "it does not exist.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataFormatException(file, $"it can't be read: {e.Message}");
        }
    }

    private bool Take(int length, int end)
    {
        (_line, _length) = (_next, length);
        _next += length + end;
        Number++;
        if (_length > 0 && _buffer[_line + _length - 1] == '\r') _length--;
        return true;
    }

    // What is left of the buffer is the beginning of the line that is looked for.
    private bool Fill()
    {
        var rest = _end - _next;
        if (rest > MaxLength) throw new DataFormatException(_file, $"line {Number + 1} is longer than {MaxLength} characters.");
        var target = rest > _buffer.Length / 2 ? new char[_buffer.Length * 2] : _buffer;
        _buffer.AsSpan(_next, rest).CopyTo(target);
        (_buffer, _next, _end) = (target, 0, rest);
        var read = Guard(_file, () => _reader.Read(_buffer, rest, _buffer.Length - rest));
        _end += read;
        return read > 0;
    }
}
