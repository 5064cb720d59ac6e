using System.Buffers;
using System.Text.Json;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Replication;
using OrleansPs.Core.Specs;

namespace OrleansPs.Core.Consistency;

/// <summary>Decisions of a coordinator as JSON, on their way to the second copy of the control record.</summary>
/// <remarks>Thread safe. It lives as long as a message.</remarks>
public static class ControlEntryCodec
{
    /// <summary>Writes a decision.</summary>
    public static byte[] Encode(ControlEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, ModelSpecJson.WriterOptions))
        {
            writer.WriteStartObject();
            Write(writer, entry);
            writer.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads a decision back, strictly.</summary>
    /// <exception cref="DataFormatException">It is none.</exception>
    public static ControlEntry Decode(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonFields.Parse(json);
            var fields = new JsonFields(document.RootElement, "");
            var entry = Read(fields);
            fields.End();
            return entry;
        }
        catch (JsonException e)
        {
            throw new DataFormatException("A decision of a coordinator", e.Message);
        }
    }

    private static void Write(Utf8JsonWriter writer, ControlEntry entry)
    {
        switch (entry)
        {
            case RankJoined e:
                Begin(writer, "joined", ("rank", e.Rank), ("incarnation", e.Incarnation), ("clock", e.Clock));
                writer.WriteString("nonce", e.Nonce);
                if (e.Resumes) writer.WriteBoolean("resumes", true);
                break;
            case StepFinished e: Begin(writer, "finished", ("rank", e.Rank), ("cursor", e.Cursor)); break;
            case RankRetired e: Begin(writer, "retired", ("rank", e.Rank), ("status", (long)e.Status)); break;
            case RoundClosed e:
                Begin(writer, "round");
                writer.WritePropertyName("certificate");
                ControlStateCodec.Write(writer, e.Certificate);
                break;
            case CertificatesDropped e: Begin(writer, "dropped", ("below", e.Below)); break;
            case CutOpened e: Begin(writer, "cutOpened", ("cut", e.Cut)); break;
            case CutAdopted e:
                Begin(writer, "cutAdopted");
                SpecWriter.WriteList(writer, "ranks", e.Ranks, static (w, rank) => w.WriteNumberValue(rank));
                break;
            case CutClosed e: Begin(writer, "cutClosed", ("cut", e.Cut), ("completed", e.Completed ? 1 : 0)); break;
            case PolicyChanged e:
                Begin(writer, "policy", ("clock", e.Clock));
                writer.WritePropertyName("to");
                PolicyJson.Write(writer, e.Policy);
                break;
            case PolicyTaken e: Begin(writer, "policyTaken", ("number", e.Number)); break;
            case MapChanged e:
                Begin(writer, "map", ("block", e.Block));
                writer.WritePropertyName("sites");
                BlockSitesJson.Write(writer, e.Sites);
                break;
            default: throw new NotSupportedException($"A decision {entry.GetType().Name} can't be written.");
        }
    }

    private static ControlEntry Read(JsonFields fields)
    {
        var kind = fields.Text("kind");
        return kind switch
        {
            "joined" => new RankJoined(fields.Int32("rank"), ReadNonce(fields), fields.Int64("incarnation"), fields.Int64("clock"))
            { Resumes = fields.Has("resumes") && fields.Bool("resumes") },
            "finished" => new StepFinished(fields.Int32("rank"), fields.Int64("cursor")),
            "retired" => new RankRetired(fields.Int32("rank"), (WorkerStatus)fields.Int32("status")),
            "round" => new RoundClosed(ControlStateCodec.ReadCertificate(fields.Take("certificate"), fields.PathOf("certificate"))),
            "dropped" => new CertificatesDropped(fields.Int64("below")),
            "cutOpened" => new CutOpened(fields.Int64("cut")),
            "cutAdopted" => new CutAdopted(fields.List("ranks", JsonFields.Int32)),
            "cutClosed" => new CutClosed(fields.Int64("cut"), fields.Int64("completed") == 1),
            "policy" => new PolicyChanged(PolicyJson.Read(fields.Take("to"), fields.PathOf("to")), fields.Int64("clock")),
            "policyTaken" => new PolicyTaken(fields.Int64("number")),
            "map" => new MapChanged(fields.Int32("block"), BlockSitesJson.Read(fields.Take("sites"), fields.PathOf("sites"))),
            _ => throw JsonFields.Wrong(fields.PathOf("kind"), "a decision"),
        };
    }

    private static Guid ReadNonce(JsonFields fields) => ControlStateCodec.ReadGuid(fields.Take("nonce"), fields.PathOf("nonce"));

    private static void Begin(Utf8JsonWriter writer, string kind, params ReadOnlySpan<(string Name, long Value)> numbers)
    {
        writer.WriteString("kind", kind);
        foreach (var (name, value) in numbers) writer.WriteNumber(name, value);
    }
}
