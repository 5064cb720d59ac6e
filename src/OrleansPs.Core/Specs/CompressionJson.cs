using System.Text.Json;

namespace OrleansPs.Core.Specs;

/// <summary>
/// How gradients are sent, and pulls answered, as JSON: a field that is there only where something is said, so that specs from before there was any read the same.
/// </summary>
internal static class CompressionJson
{
    public const string OfPushes = "compression";
    public const string OfPulls = "pullCompression";

    public static void WriteField(Utf8JsonWriter writer, string field, GradientCompression? compression)
    {
        if (compression is null) return;
        writer.WriteStartObject(field);
        writer.WriteString("type", SpecNames.Compression.Of(compression.Mode));
        if (compression.Mode == GradientCompressionMode.TopK) writer.WriteNumber("k", compression.K);
        writer.WriteEndObject();
    }

    /// <summary>The same for a model, which always says something; what it says by default is left out.</summary>
    public static void WriteFieldOfModel(Utf8JsonWriter writer, string field, GradientCompression compression)
    {
        if (compression.Mode != GradientCompressionMode.None) WriteField(writer, field, compression);
    }

    public static GradientCompression? ReadField(JsonFields fields, string field) => fields.Has(field) ? Read(fields.Object(field)) : null;

    private static GradientCompression Read(JsonFields fields)
    {
        var compression = fields.Name("type", SpecNames.Compression) switch
        {
            GradientCompressionMode.Bf16 => GradientCompression.Bf16,
            GradientCompressionMode.Int8 => GradientCompression.Int8,
            GradientCompressionMode.TopK => GradientCompression.TopK(fields.Double("k")),
            GradientCompressionMode.OneBit => GradientCompression.OneBit,
            _ => GradientCompression.None,
        };
        fields.End();
        return compression;
    }
}
