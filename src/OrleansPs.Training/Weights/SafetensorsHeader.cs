using System.Text.Json;
using System.Text.Unicode;

namespace OrleansPs.Training;

/// <summary>A tensor in a safetensors file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Shape">Its dimensions; empty for a scalar.</param>
/// <param name="Offset">Where its elements begin, in bytes from the start of the data.</param>
/// <param name="Length">The number of its elements.</param>
public sealed record SafetensorsEntry(string Name, IReadOnlyList<int> Shape, long Offset, int Length);

/// <summary>The JSON header of a safetensors file: written, and read with every number checked.</summary>
internal static class SafetensorsHeader
{
    public const int MaxBytes = 100_000_000;
    private const string Metadata = "__metadata__";

    public static byte[] Write(IReadOnlyList<DenseParameter> parameters)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            WriteMetadata(json);
            var offset = 0L;
            foreach (var parameter in parameters) WriteEntry(json, parameter, ref offset);
            json.WriteEndObject();
        }
        while (buffer.Length % 8 != 0) buffer.WriteByte((byte)' ');
        return buffer.ToArray();
    }

    public static IReadOnlyList<SafetensorsEntry> Read(byte[] header, string file, long dataBytes)
    {
        if (!Utf8.IsValid(header)) throw Bad(file, "the header is no well-formed UTF-8.");
        try
        {
            using var json = JsonDocument.Parse(header);
            if (json.RootElement.ValueKind != JsonValueKind.Object) throw Bad(file, "the header is no JSON object.");
            var entries = json.RootElement.EnumerateObject().Where(p => p.Name != Metadata)
                .Select(p => ReadEntry(p, file)).OrderBy(e => e.Offset).ThenBy(e => e.Length).ToArray();
            CheckLayout(entries, file, dataBytes);
            return entries;
        }
        catch (JsonException)
        {
            throw Bad(file, "the header is no valid JSON.");
        }
        catch (InvalidOperationException)
        {
            // JSON can escape half a character, which only shows when a text is decoded.
            throw Bad(file, "a text of the header is no well-formed Unicode.");
        }
    }

    private static void WriteMetadata(Utf8JsonWriter json)
    {
        json.WriteStartObject(Metadata);
        json.WriteString("format", "pt");
        json.WriteEndObject();
    }

    private static void WriteEntry(Utf8JsonWriter json, DenseParameter parameter, ref long offset)
    {
        json.WriteStartObject(parameter.Name);
        json.WriteString("dtype", "F32");
        json.WriteStartArray("shape");
        foreach (var dimension in parameter.Shape) json.WriteNumberValue(dimension);
        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(offset);
        json.WriteNumberValue(offset += (long)parameter.Length * sizeof(float));
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static SafetensorsEntry ReadEntry(JsonProperty property, string file)
    {
        var name = property.Name;
        var entry = property.Value;
        if (entry.ValueKind != JsonValueKind.Object
            || !entry.TryGetProperty("dtype", out var dtype) || dtype.ValueKind != JsonValueKind.String
            || !entry.TryGetProperty("shape", out var shape) || !TryReadNumbers(shape, out var dimensions)
            || !entry.TryGetProperty("data_offsets", out var offsets) || !TryReadNumbers(offsets, out var range)
            || range.Length != 2)
            throw Bad(file, $"the header's entry for tensor '{name}' is not one of dtype, shape and data_offsets.");
        if (dtype.GetString() != "F32") throw Bad(file, $"tensor '{name}' is of type {dtype.GetString()}; only F32 is read.");
        var length = LengthOf(dimensions);
        if (length < 0 || range[1] - range[0] != length * sizeof(float))
            throw Bad(file, $"tensor '{name}' of shape [{string.Join(", ", dimensions)}] has {range[1] - range[0]} bytes.");
        return new(name, Array.ConvertAll(dimensions, d => (int)d), range[0], (int)length);
    }

    private static bool TryReadNumbers(JsonElement array, out long[] numbers)
    {
        numbers = [];
        if (array.ValueKind != JsonValueKind.Array) return false;
        var values = array.EnumerateArray()
            .Select(e => e.ValueKind == JsonValueKind.Number && e.TryGetInt64(out var n) && n >= 0 ? n : -1).ToArray();
        if (values.Contains(-1)) return false;
        numbers = values;
        return true;
    }

    private static long LengthOf(long[] dimensions)
    {
        var length = 1L;
        foreach (var dimension in dimensions)
        {
            if (dimension > Array.MaxLength) return -1;
            length *= dimension;
            if (length > Array.MaxLength) return -1;
        }
        return length;
    }

    private static void CheckLayout(SafetensorsEntry[] entries, string file, long dataBytes)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var end = 0L;
        foreach (var entry in entries)
        {
            if (!names.Add(entry.Name)) throw Bad(file, $"there are two tensors '{entry.Name}'.");
            if (entry.Offset != end) throw Bad(file, $"tensor '{entry.Name}' begins at byte {entry.Offset} of the data, not at {end}.");
            end += (long)entry.Length * sizeof(float);
        }
        if (end != dataBytes) throw Bad(file, $"the header announces {end} bytes of data; there are {dataBytes}.");
    }

    private static DataFormatException Bad(string file, string problem) => new(file, problem);
}
