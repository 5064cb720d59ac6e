using System.Text.Json;

namespace OrleansPs.Core.Specs;

/// <summary>Embedding tables as JSON. A spec without tables has no field for them: it is written as it was before there were any.</summary>
internal static class TableSpecJson
{
    public const string Field = "tables";

    public static void Write(Utf8JsonWriter writer, EmbeddingTable table)
    {
        writer.WriteStartObject();
        writer.WriteString("name", table.Name);
        writer.WriteNumber("width", table.Width);
        writer.WritePropertyName("initializer");
        SpecWriter.Write(writer, table.Initializer ?? Initializer.Zeros);
        writer.WritePropertyName("optimizer");
        if (table.Optimizer is null) writer.WriteNullValue();
        else SpecWriter.Write(writer, table.Optimizer);
        writer.WriteString("group", table.Group);
        writer.WriteNumber("shards", table.Shards);
        writer.WriteNumber("maxRowsPerStep", table.MaxRowsPerStep);
        Write(writer, table.Lifetime ?? new());
        writer.WriteEndObject();
    }

    public static EmbeddingTable Read(JsonElement element, string path)
    {
        var fields = new JsonFields(element, path);
        var initializer = SpecReader.ReadInitializer(fields.Object("initializer"));
        var optimizer = fields.Optional("optimizer");
        var group = fields.Optional("group");
        var table = new EmbeddingTable(fields.Text("name"), fields.Int32("width"), initializer)
        {
            Optimizer = optimizer is { } own ? SpecReader.ReadOptimizer(own, fields.PathOf("optimizer")) : null,
            Group = group is { } name ? JsonFields.Text(name, fields.PathOf("group")) : null,
            Shards = fields.Int32("shards"),
            MaxRowsPerStep = fields.Int32("maxRowsPerStep"),
            Lifetime = ReadLifetime(fields.Object("lifetime")),
        };
        fields.End();
        return table;
    }

    private static void Write(Utf8JsonWriter writer, RowLifetime lifetime)
    {
        writer.WriteStartObject("lifetime");
        writer.WriteNumber("admitAfter", lifetime.AdmitAfter);
        writer.WriteNumber("sketchBytes", lifetime.SketchBytes);
        writer.WriteNumber("timeToLive", lifetime.TimeToLive);
        writer.WriteNumber("capacity", lifetime.Capacity);
        writer.WriteEndObject();
    }

    private static RowLifetime ReadLifetime(JsonFields fields)
    {
        var lifetime = new RowLifetime
        {
            AdmitAfter = fields.Int32("admitAfter"), SketchBytes = fields.Int32("sketchBytes"),
            TimeToLive = fields.Int64("timeToLive"), Capacity = fields.Int64("capacity"),
        };
        fields.End();
        return lifetime;
    }
}
