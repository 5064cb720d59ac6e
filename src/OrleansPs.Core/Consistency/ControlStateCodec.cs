using System.Buffers;
using System.Text.Json;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Replication;
using OrleansPs.Core.Snapshots;
using OrleansPs.Core.Specs;

namespace OrleansPs.Core.Consistency;

/// <summary>
/// A model's control state as JSON: what a coordinator leaves to the next one. Of an open cut only its number goes along, for the
/// next coordinator gives it up.
/// </summary>
/// <remarks>Thread safe.</remarks>
public static class ControlStateCodec
{
    /// <summary>Writes a state.</summary>
    public static byte[] Encode(ControlState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var writer = new Utf8JsonWriter(buffer, ModelSpecJson.WriterOptions))
        {
            writer.WriteStartObject();
            writer.WriteNumber("generation", state.Generation);
            writer.WriteNumber("round", state.Round);
            writer.WriteNumber("minClock", state.MinClock);
            writer.WriteNumber("index", state.Index);
            writer.WriteNumber("newestCut", state.NewestCut);
            writer.WriteNumber("lastCut", state.LastCut);
            writer.WriteNumber("restoredCut", state.RestoredCut);
            writer.WriteNumber("openCut", state.OpenCut?.Cut ?? 0);
            PolicyJson.WriteField(writer, state.Policy);
            if (state.SwitchFrom is { } from) writer.WriteNumber("switchFrom", from);
            SpecWriter.WriteList(writer, "ranks", [.. state.Ranks.Values], Write);
            SpecWriter.WriteList(writer, "certificates", state.Certificates, Write);
            SpecWriter.WriteList(writer, "roundStart", [.. state.RoundStart.Values], ManifestJson.Write);
            writer.WriteNumber("mapVersion", state.MapVersion);
            SpecWriter.WriteList(writer, "map", state.Map, BlockSitesJson.Write);
            writer.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads a state back, strictly.</summary>
    /// <param name="spec">The model's spec.</param>
    /// <param name="json">What <see cref="Encode"/> gave.</param>
    /// <exception cref="DataFormatException">It is no control state.</exception>
    public static ControlState Decode(ModelSpec spec, ReadOnlyMemory<byte> json)
    {
        ArgumentNullException.ThrowIfNull(spec);
        try
        {
            using var document = JsonFields.Parse(json);
            var fields = new JsonFields(document.RootElement, "");
            var state = ControlState.Load(
                spec, fields.Int64("generation"), fields.Int64("round"), fields.Int64("minClock"), fields.Int64("index"),
                fields.Int64("newestCut"), fields.Int64("lastCut"), fields.Int64("restoredCut"), fields.Int64("openCut"),
                fields.List("ranks", ReadRank), fields.List("certificates", ReadCertificate),
                fields.List("roundStart", ManifestJson.ReadRank), PolicyJson.ReadField(fields),
                fields.Has("switchFrom") ? fields.Int64("switchFrom") : null);
            var version = fields.Int64("mapVersion");
            state.BeginMap(fields.List("map", BlockSitesJson.Read), version);
            fields.End();
            return state;
        }
        catch (JsonException e)
        {
            throw new DataFormatException($"The control state of model '{spec.Name}'", e.Message);
        }
    }

    private static void Write(Utf8JsonWriter writer, RankState rank)
    {
        writer.WriteStartObject();
        writer.WritePropertyName("record");
        ManifestJson.Write(writer, rank.Record);
        writer.WriteString("nonce", rank.Nonce);
        SpecWriter.WriteList(writer, "pastNonces", rank.PastNonces, (w, nonce) => w.WriteStringValue(nonce));
        if (rank.FirstNonces.Count > 0) SpecWriter.WriteList(writer, "firstNonces", rank.FirstNonces, (w, nonce) => w.WriteStringValue(nonce));
        writer.WriteNumber("contributedRound", rank.ContributedRound);
        writer.WriteNumber("contributedIncarnation", rank.ContributedIncarnation);
        if (rank.RoundsMissed > 0) writer.WriteNumber("roundsMissed", rank.RoundsMissed);
        writer.WriteNumber("cut", rank.Cut);
        writer.WriteEndObject();
    }

    private static RankState ReadRank(JsonElement element, string path)
    {
        var fields = new JsonFields(element, path);
        var rank = new RankState
        {
            Record = ManifestJson.ReadRank(fields.Take("record"), fields.PathOf("record")),
            Nonce = ReadGuid(fields.Take("nonce"), fields.PathOf("nonce")),
            PastNonces = fields.List("pastNonces", ReadGuid),
            FirstNonces = fields.Has("firstNonces") ? fields.List("firstNonces", ReadGuid) : [],
            ContributedRound = fields.Int64("contributedRound"),
            ContributedIncarnation = fields.Int64("contributedIncarnation"),
            RoundsMissed = fields.Has("roundsMissed") ? fields.Int64("roundsMissed") : 0,
            Cut = fields.Int64("cut"),
        };
        fields.End();
        return rank;
    }

    internal static void Write(Utf8JsonWriter writer, Certificate certificate)
    {
        writer.WriteStartObject();
        writer.WriteNumber("round", certificate.Round);
        SpecWriter.WriteList(writer, "members", certificate.Members, Write);
        writer.WriteEndObject();
    }

    internal static void Write(Utf8JsonWriter writer, CertificateMember member)
    {
        writer.WriteStartObject();
        writer.WriteNumber("rank", member.Rank);
        writer.WriteNumber("incarnation", member.Incarnation);
        writer.WriteEndObject();
    }

    internal static Certificate ReadCertificate(JsonElement element, string path)
    {
        var fields = new JsonFields(element, path);
        var certificate = new Certificate(fields.Int64("round"), fields.List("members", ReadMember));
        fields.End();
        return certificate;
    }

    private static CertificateMember ReadMember(JsonElement element, string path)
    {
        var fields = new JsonFields(element, path);
        var member = new CertificateMember(fields.Int32("rank"), fields.Int64("incarnation"));
        fields.End();
        return member;
    }

    internal static Guid ReadGuid(JsonElement element, string path) =>
        Guid.TryParse(JsonFields.Text(element, path), out var guid) ? guid : throw JsonFields.Wrong(path, "a GUID");
}
