using System.Buffers.Binary;
using System.Text;
using OrleansPs.Training;

namespace OrleansPs.Train.Data;

/// <summary>
/// Reads what R's <c>serialize</c> writes, in its binary form (XDR, versions 2 and 3; R Internals, "Serialization Formats"): vectors, lists
/// and their attributes. Functions and environments are not data, and are refused.
/// </summary>
internal ref struct RDeserializer
{
    private const int MaxDepth = 200;
    private const int LongestRun = 1 << 26;
    private const int HasAttributes = 1 << 9, HasTag = 1 << 10;

    private readonly string _file;
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly List<string> _symbols = [];
    private int _at;
    private int _depth;

    private RDeserializer(ReadOnlySpan<byte> bytes, string file)
    {
        _bytes = bytes;
        _file = file;
    }

    /// <summary>Reads one object.</summary>
    /// <param name="bytes">Its serialized form, not compressed.</param>
    /// <param name="file">Where it comes from, for errors.</param>
    /// <exception cref="DataFormatException">It is damaged, or holds what is not read.</exception>
    public static RValue Read(ReadOnlySpan<byte> bytes, string file)
    {
        var reader = new RDeserializer(bytes, file);
        reader.ReadHeader();
        return reader.ReadItem();
    }

    private void ReadHeader()
    {
        if (!Take(2).SequenceEqual("X\n"u8)) throw Bad("it does not start with 'X' and a new line, as R's binary form does.");
        var version = ReadInt();
        Take(8); // The version of R that wrote it, and the oldest that reads it.
        if (version is not (2 or 3)) throw Bad($"its version is {version}; 2 and 3 are read.");
        if (version == 3) Take(ReadLength());
    }

    private RValue ReadItem()
    {
        if (++_depth > MaxDepth) throw Bad($"it is nested deeper than {MaxDepth} levels.");
        var flags = ReadInt();
        var item = ReadItem(flags & 0xFF, flags);
        _depth--;
        return item;
    }

    private RValue ReadItem(int type, int flags) => type switch
    {
        254 => RValue.Null, // NILVALUE_SXP
        1 => RValue.Of(new string?[] { ReadSymbol() }), // SYMSXP
        255 => RValue.Of(new string?[] { ReadReference(flags) }), // REFSXP
        2 => ReadPairs(flags), // LISTSXP
        9 => RValue.Of(new string?[] { ReadChars() }), // CHARSXP
        10 or 13 => WithAttributes(ReadInts(), flags), // LGLSXP, INTSXP
        14 => WithAttributes(ReadReals(), flags), // REALSXP
        16 => WithAttributes(ReadStrings(), flags), // STRSXP
        19 => WithAttributes(ReadList(), flags), // VECSXP
        238 => ReadAlternative(), // ALTREP_SXP
        _ => throw Bad($"it holds an object of type {type}; vectors and lists are read."),
    };

    private RValue WithAttributes(Array data, int flags)
    {
        if ((flags & HasAttributes) == 0) return RValue.Of(data);
        return new(data, Named(ReadItem()));
    }

    private static Dictionary<string, RValue> Named(RValue pairs)
    {
        var named = new Dictionary<string, RValue>(StringComparer.Ordinal);
        if (pairs.Data is RValue[] values && pairs.Attributes.GetValueOrDefault("names")?.Data is string?[] names)
            foreach (var (name, value) in names.Zip(values)) named[name ?? ""] = value;
        return named;
    }

    // A chain of pairs is written one after the other; it becomes a list with names.
    private RValue ReadPairs(int flags)
    {
        var (names, values) = (new List<string?>(), new List<RValue>());
        for (; ; flags = ReadInt())
        {
            var type = flags & 0xFF;
            if (type == 254) break;
            if (type != 2) throw Bad($"a pair is followed by an object of type {type}; another pair or the end was expected.");
            if ((flags & HasAttributes) != 0) ReadItem();
            names.Add((flags & HasTag) != 0 ? TextOf(ReadItem()) : null);
            values.Add(ReadItem());
        }
        return new(values.ToArray(), new Dictionary<string, RValue> { ["names"] = RValue.Of(names.ToArray()) });
    }

    // R writes some vectors as what makes them: here what is wrapped, and runs such as 1:n.
    private RValue ReadAlternative()
    {
        var (info, state, attributes) = (ReadItem(), ReadItem(), ReadItem());
        var kind = info.Data is RValue[] { Length: > 0 } about ? TextOf(about[0]) ?? "" : "";
        var data = kind switch
        {
            "compact_intseq" when state.Data is double[] { Length: 3 } run && run[0] is >= 0 and <= LongestRun =>
                (Array)Enumerable.Range(0, (int)run[0]).Select(i => (int)(run[1] + i * run[2])).ToArray(),
            _ when kind.StartsWith("wrap_", StringComparison.Ordinal) && state.Data is RValue[] { Length: > 0 } wrapped && wrapped[0].Data is { } inner => inner,
            _ => throw Bad($"it holds a vector in the form '{kind}', which is not read."),
        };
        return new(data, Named(attributes));
    }

    private static string? TextOf(RValue value) => value.Data is string?[] { Length: > 0 } texts ? texts[0] : null;

    private string ReadSymbol()
    {
        var name = TextOf(ReadItem()) ?? "";
        _symbols.Add(name);
        return name;
    }

    private string ReadReference(int flags)
    {
        var index = flags >>> 8;
        if (index == 0) index = ReadInt();
        return index >= 1 && index <= _symbols.Count ? _symbols[index - 1] : throw Bad($"it refers to name {index} of {_symbols.Count}.");
    }

    private string? ReadChars()
    {
        var length = ReadInt();
        return length == -1 ? null : length >= 0 ? Encoding.UTF8.GetString(Take(length)) : throw Bad($"a text has the length {length}.");
    }

    private int[] ReadInts()
    {
        var bytes = Take((long)ReadLength() * sizeof(int));
        var values = new int[bytes.Length / sizeof(int)];
        for (var i = 0; i < values.Length; i++) values[i] = BinaryPrimitives.ReadInt32BigEndian(bytes[(i * sizeof(int))..]);
        return values;
    }

    private double[] ReadReals()
    {
        var bytes = Take((long)ReadLength() * sizeof(double));
        var values = new double[bytes.Length / sizeof(double)];
        for (var i = 0; i < values.Length; i++) values[i] = BinaryPrimitives.ReadDoubleBigEndian(bytes[(i * sizeof(double))..]);
        return values;
    }

    private string?[] ReadStrings()
    {
        var values = new string?[ReadCount()];
        for (var i = 0; i < values.Length; i++) values[i] = TextOf(ReadItem());
        return values;
    }

    private RValue[] ReadList()
    {
        var values = new RValue[ReadCount()];
        for (var i = 0; i < values.Length; i++) values[i] = ReadItem();
        return values;
    }

    // Each item takes at least the four bytes of its flags.
    private int ReadCount()
    {
        var count = ReadLength();
        return count <= (_bytes.Length - _at) / sizeof(int) ? count : throw Truncated(count);
    }

    private int ReadLength()
    {
        var length = ReadInt();
        return length >= 0 ? length : throw Bad($"a vector has the length {length}; up to 2^31 - 1 elements are read.");
    }

    private int ReadInt() => BinaryPrimitives.ReadInt32BigEndian(Take(sizeof(int)));

    private ReadOnlySpan<byte> Take(long count)
    {
        if (count > _bytes.Length - _at) throw Truncated(count);
        _at += (int)count;
        return _bytes.Slice(_at - (int)count, (int)count);
    }

    private readonly DataFormatException Truncated(long count) =>
        Bad($"truncated: {count} more are announced at byte {_at} of {_bytes.Length}.");

    private readonly DataFormatException Bad(string problem) => new(_file, $"R's serialized data is bad: {problem}");
}
