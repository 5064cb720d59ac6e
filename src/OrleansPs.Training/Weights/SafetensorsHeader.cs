using System.Text.Json;
using System.Text.Unicode;

namespace OrleansPs.Training;

/// <summary>A tensor in a safetensors file.</summary>
/// <param name="Tensor">Name, shape and type.</param>
/// <param name="Offset">Where its elements begin, in bytes from the start of the data.</param>
/// <param name="Bytes">How many bytes they are.</param>
internal sealed record SafetensorsEntry(WeightTensor Tensor, long Offset, long Bytes);

/// <summary>The JSON header of a safetensors file: written, and read with every number checked.</summary>
/// <param name="Entries">The tensors, in the order of the file.</param>
/// <param name="Metadata">What else the file says of itself.</param>
internal sealed record SafetensorsHeader(IReadOnlyList<SafetensorsEntry> Entries, IReadOnlyDictionary<string, string> Metadata)
{
    public const int MaxBytes = 100_000_000;

    /// <summary>The field that is no tensor.</summary>
    public const string MetadataName = "__metadata__";

    private static readonly Dictionary<string, (WeightType Type, int Bytes)> s_types = new()
    {
        ["F32"] = (WeightType.Float32, 4), ["F16"] = (WeightType.Float16, 2), ["BF16"] = (WeightType.BFloat16, 2),
        ["I64"] = (WeightType.Int64, 8), ["F64"] = (WeightType.Other, 8), ["U64"] = (WeightType.Other, 8),
        ["I32"] = (WeightType.Other, 4), ["U32"] = (WeightType.Other, 4), ["I16"] = (WeightType.Other, 2), ["U16"] = (WeightType.Other, 2),
        ["I8"] = (WeightType.Other, 1), ["U8"] = (WeightType.Other, 1), ["BOOL"] = (WeightType.Other, 1),
    };

    /// <summary>The header of tensors that are written as float32, whole numbers as int64, in order.</summary>
    public static byte[] Write(IReadOnlyList<WeightTensor> tensors, IReadOnlyDictionary<string, string> metadata)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            WriteMetadata(json, metadata);
            var offset = 0L;
            foreach (var tensor in tensors) WriteEntry(json, tensor, ref offset);
            json.WriteEndObject();
        }
        while (buffer.Length % 8 != 0) buffer.WriteByte((byte)' ');
        return buffer.ToArray();
    }

    public static SafetensorsHeader Read(byte[] header, string file, long dataBytes)
    {
        if (!Utf8.IsValid(header)) throw Bad(file, "the header is no well-formed UTF-8.");
        try
        {
            using var json = JsonDocument.Parse(header);
            if (json.RootElement.ValueKind != JsonValueKind.Object) throw Bad(file, "the header is no JSON object.");
            var entries = json.RootElement.EnumerateObject().Where(p => p.Name != MetadataName)
                .Select(p => ReadEntry(p, file)).OrderBy(e => e.Offset).ThenBy(e => e.Bytes).ToArray();
            CheckLayout(entries, file, dataBytes);
            return new(entries, ReadMetadata(json.RootElement, file));
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

    private static void WriteMetadata(Utf8JsonWriter json, IReadOnlyDictionary<string, string> metadata)
    {
        json.WriteStartObject(MetadataName);
        json.WriteString("format", "pt");
        foreach (var (name, value) in metadata.Where(m => m.Key != "format")) json.WriteString(name, value);
        json.WriteEndObject();
    }

    private static void WriteEntry(Utf8JsonWriter json, WeightTensor tensor, ref long offset)
    {
        json.WriteStartObject(tensor.Name);
        json.WriteString("dtype", tensor.Type == WeightType.Int64 ? "I64" : "F32");
        json.WriteStartArray("shape");
        foreach (var dimension in tensor.Shape) json.WriteNumberValue(dimension);
        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(offset);
        json.WriteNumberValue(offset += checked(tensor.Length * (tensor.Type == WeightType.Int64 ? sizeof(long) : sizeof(float))));
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static Dictionary<string, string> ReadMetadata(JsonElement root, string file)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        if (!root.TryGetProperty(MetadataName, out var element)) return metadata;
        if (element.ValueKind != JsonValueKind.Object) throw Bad(file, "its metadata is no JSON object.");
        foreach (var property in element.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.String) throw Bad(file, $"its metadata '{property.Name}' is no text.");
            metadata[property.Name] = property.Value.GetString()!;
        }
        return metadata;
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
        // Of a type that is not known the size of an element isn't either.
        var (type, size) = s_types.GetValueOrDefault(dtype.GetString()!, (WeightType.Other, 0));
        var bytes = range[1] - range[0];
        if (LengthOf(dimensions) is not { } length || bytes < 0 || (size > 0 && (length > long.MaxValue / size || bytes != length * size)))
            throw Bad(file, $"tensor '{name}' of type {dtype.GetString()} and shape [{string.Join(", ", dimensions)}] has {bytes} bytes.");
        return new(new(name, dimensions, type), range[0], bytes);
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

    private static long? LengthOf(long[] dimensions)
    {
        var length = 1L;
        foreach (var dimension in dimensions)
        {
            if (dimension != 0 && length > long.MaxValue / dimension) return null;
            length *= dimension;
        }
        return length;
    }

    private static void CheckLayout(SafetensorsEntry[] entries, string file, long dataBytes)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        var end = 0L;
        foreach (var (tensor, offset, bytes) in entries)
        {
            if (!names.Add(tensor.Name)) throw Bad(file, $"there are two tensors '{tensor.Name}'.");
            if (offset != end) throw Bad(file, $"tensor '{tensor.Name}' begins at byte {offset} of the data, not at {end}.");
            end += bytes;
        }
        if (end != dataBytes) throw Bad(file, $"the header announces {end} bytes of data; there are {dataBytes}.");
    }

    private static DataFormatException Bad(string file, string problem) => new(file, problem);
}
