using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;

namespace OrleansPs.Core.Specs;

/// <summary>
/// Reads the fields of one JSON object strictly: each exactly once, of the right kind, and none that nobody asked for.
/// What is wrong is told with its path, as a <see cref="JsonException"/>.
/// </summary>
internal sealed class JsonFields
{
    // Deep enough for everything that can be written.
    private static readonly JsonDocumentOptions ParseOptions = new() { AllowDuplicateProperties = false, MaxDepth = 1024 };

    private readonly JsonElement _object;
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);

    public JsonFields(JsonElement element, string path)
    {
        if (element.ValueKind != JsonValueKind.Object) throw Wrong(path, "an object");
        _object = element;
        Path = path;
    }

    public string Path { get; }

    /// <summary>Parses JSON; every problem, also a name that is no Unicode, is a <see cref="JsonException"/>.</summary>
    public static JsonDocument Parse(ReadOnlyMemory<byte> json)
    {
        if (!Utf8.IsValid(json.Span)) throw Wrong("", "well-formed UTF-8");
        try
        {
            return JsonDocument.Parse(json, ParseOptions);
        }
        catch (InvalidOperationException e)
        {
            // The search for doubled fields has to decode their names.
            throw new JsonException("The name of a field must be well-formed Unicode.", e);
        }
    }

    /// <summary>Whether there is a field that may be left out.</summary>
    public bool Has(string name) => _object.TryGetProperty(name, out _);

    public JsonElement Take(string name)
    {
        _taken.Add(name);
        return _object.TryGetProperty(name, out var value)
            ? value
            : throw new JsonException($"{PathOf(name)} is missing.");
    }

    public JsonFields Object(string name) => new(Take(name), PathOf(name));

    public JsonElement? Optional(string name) =>
        Take(name) is { ValueKind: not JsonValueKind.Null } value ? value : null;

    public IReadOnlyList<T> List<T>(string name, Func<JsonElement, string, T> read)
    {
        var array = Take(name);
        if (array.ValueKind != JsonValueKind.Array) throw Wrong(PathOf(name), "a list");
        return [.. array.EnumerateArray().Select((item, i) => read(item, $"{PathOf(name)}[{i}]"))];
    }

    public string Text(string name) => Text(Take(name), PathOf(name));

    public int Int32(string name) => Int32(Take(name), PathOf(name));

    public long Int64(string name) => Take(name) is { ValueKind: JsonValueKind.Number } e && e.TryGetInt64(out var value)
        ? value
        : throw Wrong(PathOf(name), "a whole number of 64 bits");

    public ulong UInt64(string name) => Take(name) is { ValueKind: JsonValueKind.Number } e && e.TryGetUInt64(out var value)
        ? value
        : throw Wrong(PathOf(name), "a whole number of 64 bits without a sign");

    public double Double(string name) => Double(Take(name), PathOf(name));

    public float Single(string name) => Take(name) is { ValueKind: JsonValueKind.Number } e
        && e.TryGetSingle(out var value) && float.IsFinite(value)
            ? value
            : throw Wrong(PathOf(name), "a finite number of 32 bits");

    public bool Bool(string name) => Take(name) is { ValueKind: JsonValueKind.True or JsonValueKind.False } e
        ? e.GetBoolean()
        : throw Wrong(PathOf(name), "true or false");

    public T Name<T>(string name, JsonNames<T> names) where T : struct, Enum =>
        names.TryParse(Text(name), out var value) ? value : throw Wrong(PathOf(name), $"one of {names}");

    public TimeSpan TimeSpan(string name) => TimeSpan(Take(name), PathOf(name));

    public string PathOf(string name) => Path.Length == 0 ? name : $"{Path}.{name}";

    /// <summary>Call when all fields are taken: what is left over is unknown.</summary>
    public void End()
    {
        foreach (var field in _object.EnumerateObject())
            if (!_taken.Contains(field.Name)) throw new JsonException($"{PathOf(field.Name)} is unknown.");
    }

    public static string Text(JsonElement element, string path)
    {
        if (element.ValueKind != JsonValueKind.String) throw Wrong(path, "a text");
        try
        {
            return element.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Wrong(path, "well-formed Unicode");
        }
    }

    public static int Int32(JsonElement element, string path) =>
        element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out var value)
            ? value
            : throw Wrong(path, "a whole number of 32 bits");

    public static double Double(JsonElement element, string path) =>
        element.ValueKind == JsonValueKind.Number && element.TryGetDouble(out var value) && double.IsFinite(value)
            ? value
            : throw Wrong(path, "a finite number");

    public static TimeSpan TimeSpan(JsonElement element, string path) =>
        System.TimeSpan.TryParseExact(Text(element, path), "c", CultureInfo.InvariantCulture, out var value)
            ? value
            : throw Wrong(path, "a time such as 00:00:10");

    public static JsonException Wrong(string path, string rule) =>
        new($"{(path.Length == 0 ? "The content" : path)} must be {rule}.");
}
