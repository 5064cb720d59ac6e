using System.Text.Json;

namespace OrleansPs.Core.Specs;

/// <summary>
/// How gradients are sent, as JSON: a field that is there only where something is said, so that specs from before there was any read the same.
/// </summary>
internal static class CompressionJson
{
    private const string Field = "compression";

    public static void WriteField(Utf8JsonWriter writer, GradientCompression? compression)
    {
        if (compression is null) return;
        writer.WriteStartObject(Field);
        writer.WriteString("type", SpecNames.Compression.Of(compression.Mode));
        if (compression.Mode == GradientCompressionMode.TopK) writer.WriteNumber("k", compression.K);
        writer.WriteEndObject();
    }

    public static GradientCompression? ReadField(JsonFields fields) => fields.Has(Field) ? Read(fields.Object(Field)) : null;

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
