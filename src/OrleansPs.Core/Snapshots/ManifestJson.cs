using System.Globalization;
using System.Text.Json;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Specs;

namespace OrleansPs.Core.Snapshots;

/// <summary>The fields of a manifest. All problems are <see cref="JsonException"/>s.</summary>
internal static class ManifestJson
{
    public static void Write(Utf8JsonWriter writer, SnapshotManifest manifest)
    {
        writer.WriteString("model", manifest.Model);
        writer.WriteNumber("cut", manifest.Cut);
        writer.WriteNumber("generation", manifest.Generation);
        writer.WriteNumber("round", manifest.Round);
        writer.WriteString("takenAt", manifest.TakenAt.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
        writer.WritePropertyName("spec");
        SpecWriter.Write(writer, manifest.Spec);
        PolicyJson.WriteField(writer, manifest.Policy);
        SpecWriter.WriteList(writer, "ranks", manifest.Ranks, Write);
        SpecWriter.WriteList(writer, "chunks", manifest.Chunks, Write);
        SpecWriter.WriteList(writer, "open", manifest.Open, Write);
    }

    public static SnapshotManifest Read(JsonFields fields)
    {
        var manifest = new SnapshotManifest
        {
            Model = fields.Text("model"),
            Cut = fields.Int64("cut"),
            Generation = fields.Int64("generation"),
            Round = fields.Int64("round"),
            TakenAt = ReadTime(fields),
            Spec = SpecReader.Read(fields.Take("spec"), fields.PathOf("spec")),
            Policy = PolicyJson.ReadField(fields),
            Ranks = fields.List("ranks", ReadRank),
            Chunks = fields.List("chunks", ReadChunk),
            Open = fields.List("open", ReadOpen),
        };
        fields.End();
        return FirstBroken(manifest) is { } rule ? throw new JsonException(rule) : manifest;
    }

    public static void Write(Utf8JsonWriter writer, RankRecord rank)
    {
        writer.WriteStartObject();
        writer.WriteNumber("rank", rank.Rank);
        writer.WriteNumber("incarnation", rank.Incarnation);
        writer.WriteString("status", SpecNames.Worker.Of(rank.Status));
        writer.WriteNumber("step", rank.Step);
        writer.WriteNumber("clock", rank.Clock);
        writer.WriteNumber("cursor", rank.Cursor);
        SpecWriter.WriteList(writer, "inherited", rank.Inherited, Write);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, InheritedCursor inherited)
    {
        writer.WriteStartObject();
        writer.WriteNumber("rank", inherited.Rank);
        writer.WriteNumber("step", inherited.Step);
        writer.WriteNumber("cursor", inherited.Cursor);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, ChunkRecord chunk)
    {
        writer.WriteStartObject();
        writer.WriteNumber("block", chunk.Block);
        writer.WriteString("name", chunk.Name);
        writer.WriteNumber("bytes", chunk.Bytes);
        writer.WriteString("sha256", chunk.Sha256);
        if (chunk.Base is { } from)
        {
            writer.WritePropertyName("base");
            Write(writer, from);
        }
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, OpenPushes open)
    {
        writer.WriteStartObject();
        writer.WriteNumber("block", open.Block);
        writer.WriteNumber("rank", open.Rank);
        writer.WriteNumber("step", open.Step);
        writer.WritePropertyName("sequences");
        writer.WriteRawValue($"[{string.Join(", ", open.Sequences)}]");
        writer.WriteEndObject();
    }

    private static DateTimeOffset ReadTime(JsonFields fields) =>
        DateTimeOffset.TryParseExact(fields.Text("takenAt"), "yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'",
            CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : throw JsonFields.Wrong("takenAt", "a time in UTC such as 2026-01-31T12:00:00.0000000Z");

    public static RankRecord ReadRank(JsonElement element, string path)
    {
        var fields = new JsonFields(element, path);
        var rank = new RankRecord(
            fields.Int32("rank"), fields.Int64("incarnation"), fields.Name("status", SpecNames.Worker),
            fields.Int64("step"), fields.Int64("clock"), fields.Int64("cursor"))
        { Inherited = fields.List("inherited", ReadInherited) };
        fields.End();
        return rank;
    }

    private static InheritedCursor ReadInherited(JsonElement element, string path)
    {
        var fields = new JsonFields(element, path);
        var inherited = new InheritedCursor(fields.Int32("rank"), fields.Int64("step"), fields.Int64("cursor"));
        fields.End();
        return inherited;
    }

    private static ChunkRecord ReadChunk(JsonElement element, string path)
    {
        var fields = new JsonFields(element, path);
        var chunk = new ChunkRecord(
            fields.Int32("block"), fields.Text("name"), fields.Int64("bytes"), fields.Text("sha256"))
        {
            Base = fields.Has("base") ? ReadChunk(fields.Take("base"), fields.PathOf("base")) : null,
        };
        fields.End();
        return chunk;
    }

    private static OpenPushes ReadOpen(JsonElement element, string path)
    {
        var fields = new JsonFields(element, path);
        var open = new OpenPushes(
            fields.Int32("block"), fields.Int32("rank"), fields.Int64("step"), fields.List("sequences", JsonFields.Int32));
        fields.End();
        return open;
    }

    /// <summary>The first rule that a manifest breaks, as a sentence; null if it keeps them all.</summary>
    public static string? FirstBroken(SnapshotManifest manifest)
    {
        if (manifest.Spec.Name != manifest.Model)
            return $"spec.name is '{manifest.Spec.Name}', the model's is '{manifest.Model}'.";
        for (var i = 1; i < manifest.Ranks.Count; i++)
            if (manifest.Ranks[i].Rank <= manifest.Ranks[i - 1].Rank)
                return $"ranks[{i}].rank is {manifest.Ranks[i].Rank}: ranks must ascend.";
        return manifest.Chunks.Select((_, i) => BrokenByChunk(manifest, i)).FirstOrDefault(rule => rule is not null);
    }

    // A chunk's name becomes a file's name, so nothing but a well-formed one may come out of a manifest.
    private static string? BrokenByChunk(SnapshotManifest manifest, int index)
    {
        var chunk = manifest.Chunks[index];
        if (!ChunkName.TryParse(manifest.Model, chunk.Name, out var identity) || chunk.Block != index
            || (identity.Block, identity.Cut, identity.Generation) != (index, manifest.Cut, manifest.Generation))
        {
            return $"chunks[{index}] is block {chunk.Block} with the name '{chunk.Name}', which is not that of block {index} of this cut.";
        }
        if (BrokenByContent(chunk, $"chunks[{index}]") is { } rule) return rule;
        return chunk.Base is { } from ? BrokenByBase(manifest, from, identity) : null;
    }

    private static string? BrokenByBase(SnapshotManifest manifest, ChunkRecord from, in ChunkIdentity delta)
    {
        var path = $"chunks[{delta.Block}].base";
        if (!ChunkName.TryParse(manifest.Model, from.Name, out var identity) || from.Block != delta.Block
            || (identity.Block, identity.Generation) != (delta.Block, delta.Generation) || identity.Cut >= delta.Cut || from.Base is not null)
        {
            return $"{path} is block {from.Block} with the name '{from.Name}', which is no whole chunk of that block in an earlier cut of this generation.";
        }
        return BrokenByContent(from, path);
    }

    private static string? BrokenByContent(ChunkRecord chunk, string path)
    {
        if (chunk.Bytes < 0) return $"{path}.bytes is {chunk.Bytes}: it must be >= 0.";
        return chunk.Sha256.Length == 64 && chunk.Sha256.All(char.IsAsciiHexDigitLower)
            ? null
            : $"{path}.sha256 is '{chunk.Sha256}': it must be 64 lower-case hex digits.";
    }
}
