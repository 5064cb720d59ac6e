using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using OrleansPs.Core.Specs;

namespace OrleansPs.Core.Snapshots;

/// <summary>
/// The bytes of a manifest: indented UTF-8 JSON whose last field is the SHA-256 of all bytes before it.
/// </summary>
/// <remarks>
/// The layout is described in <c>snapshot-format.md</c> and frozen by golden files; a change of it is a new
/// <see cref="FormatVersion"/>. Thread safe.
/// </remarks>
public static class ManifestCodec
{
    /// <summary>The version that is written, and the only one that is read.</summary>
    public const int FormatVersion = 1;

    internal const string Format = "orleansps-snapshot";
    internal static readonly int TailBytes = Tail([]).Length;

    /// <summary>Writes a manifest.</summary>
    /// <exception cref="ArgumentException">
    /// It contradicts itself: its chunks are not blocks 0, 1, ... of its cut, or its ranks do not ascend.
    /// </exception>
    public static byte[] Encode(SnapshotManifest manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        if (ManifestJson.FirstBroken(manifest) is { } rule) throw new ArgumentException(rule, nameof(manifest));
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var writer = new Utf8JsonWriter(buffer, ModelSpecJson.WriterOptions))
        {
            writer.WriteStartObject();
            writer.WriteString("format", Format);
            writer.WriteNumber("formatVersion", FormatVersion);
            ManifestJson.Write(writer, manifest);
            writer.Flush();
        }
        buffer.Write(Tail(buffer.WrittenSpan));
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads a manifest back, strictly.</summary>
    /// <param name="bytes">The manifest.</param>
    /// <param name="name">What to call it in errors.</param>
    /// <exception cref="SnapshotCorruptException">It is not exactly what <see cref="Encode"/> wrote.</exception>
    public static SnapshotManifest Decode(ReadOnlyMemory<byte> bytes, string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        try
        {
            using var document = JsonFields.Parse(bytes);
            var fields = new JsonFields(document.RootElement, "");
            CheckVersion(fields);
            CheckTail(bytes.Span);
            fields.Take("sha256");
            return ManifestJson.Read(fields);
        }
        catch (JsonException e)
        {
            throw new SnapshotCorruptException(name, e.Message);
        }
    }

    private static void CheckVersion(JsonFields fields)
    {
        if (fields.Text("format") is var format && format != Format)
            throw new JsonException($"its format is '{format}', not '{Format}'.");
        if (fields.Int32("formatVersion") is var version && version != FormatVersion)
            throw new JsonException(ImageRules.WrongVersion(version, FormatVersion));
    }

    private static void CheckTail(ReadOnlySpan<byte> bytes)
    {
        var body = bytes[..Math.Max(0, bytes.Length - TailBytes)];
        if (!bytes[body.Length..].SequenceEqual(Tail(body)))
            throw new JsonException("its checksum does not fit its content.");
    }

    private static byte[] Tail(ReadOnlySpan<byte> body) =>
        Encoding.ASCII.GetBytes($",\n  \"sha256\": \"{Convert.ToHexStringLower(SHA256.HashData(body))}\"\n}}\n");
}
