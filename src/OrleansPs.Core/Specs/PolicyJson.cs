using System.Text.Json;

namespace OrleansPs.Core.Specs;

/// <summary>A policy as JSON. All problems are <see cref="JsonException"/>s.</summary>
internal static class PolicyJson
{
    public const string Field = "policy";

    /// <summary>Writes the field, if the policy is not that of the spec.</summary>
    public static void WriteField(Utf8JsonWriter writer, TrainingPolicy? policy)
    {
        if (policy is null or { Number: 0 }) return;
        writer.WritePropertyName(Field);
        Write(writer, policy);
    }

    public static TrainingPolicy? ReadField(JsonFields fields) =>
        fields.Has(Field) ? Read(fields.Take(Field), fields.PathOf(Field)) : null;

    public static void Write(Utf8JsonWriter writer, TrainingPolicy policy)
    {
        writer.WriteStartObject();
        writer.WriteNumber("number", policy.Number);
        writer.WritePropertyName("consistency");
        SpecWriter.Write(writer, policy.Consistency);
        writer.WriteNumber("backupWorkers", policy.BackupWorkers);
        writer.WriteNumber("lrScale", policy.LrScale);
        writer.WriteEndObject();
    }

    public static TrainingPolicy Read(JsonElement element, string path)
    {
        var fields = new JsonFields(element, path);
        var policy = new TrainingPolicy(
            fields.Int64("number"), SpecReader.ReadConsistency(fields.Object("consistency")), fields.Int32("backupWorkers"), fields.Double("lrScale"));
        fields.End();
        return policy;
    }
}
