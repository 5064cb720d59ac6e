using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace OrleansPs.Core.Specs;

/// <summary>
/// A spec as JSON, in one canonical form: all fields are there, in a fixed order, so equal specs give equal bytes. What
/// the code may choose (optimizers, initializers, schedules, policies) has a <c>type</c>.
/// </summary>
/// <remarks>Thread safe.</remarks>
public static class ModelSpecJson
{
    internal static readonly JsonWriterOptions WriterOptions = new()
    {
        Indented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The canonical UTF-8 JSON of a valid spec. A missing initializer is written as zeros, which it means.</summary>
    /// <exception cref="ArgumentException">A number is not finite; <see cref="ModelSpec.Validate"/> would have said so.</exception>
    public static byte[] Encode(ModelSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, WriterOptions)) SpecWriter.Write(writer, spec);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads a spec strictly: a field that is missing, unknown, doubled or of the wrong kind is refused.</summary>
    /// <param name="json">UTF-8 JSON.</param>
    /// <param name="name">What to call it in errors.</param>
    /// <exception cref="DataFormatException">It is no spec; the problem is named with its path.</exception>
    /// <remarks>The values themselves are for <see cref="ModelSpec.Validate"/> to judge.</remarks>
    public static ModelSpec Decode(ReadOnlyMemory<byte> json, string name)
    {
        try
        {
            using var document = JsonFields.Parse(json);
            return SpecReader.Read(document.RootElement, "");
        }
        catch (JsonException e)
        {
            throw new DataFormatException(name, e.Message);
        }
    }
}
