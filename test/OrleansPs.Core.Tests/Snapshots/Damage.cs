using System.Security.Cryptography;
using System.Text;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Core.Tests.Snapshots;

/// <summary>Ways to damage files, and the one answer that is right.</summary>
internal static class Damage
{
    public const string Name = "the-file";

    public static SnapshotCorruptException RefusedChunk(byte[] bytes, ChunkIdentity? expected = null) =>
        Refused(() => BlockImageCodec.Decode(bytes, Name, expected));

    public static SnapshotCorruptException RefusedManifest(byte[] bytes) => Refused(() => ManifestCodec.Decode(bytes, Name));

    /// <summary>Asserts that a reading is refused as damaged, by the file's name.</summary>
    public static SnapshotCorruptException Refused(Func<object> read)
    {
        var e = Assert.Throws<SnapshotCorruptException>(() => read());
        Assert.Equal(Name, e.Name);
        Assert.Contains(Name, e.Message, StringComparison.Ordinal);
        Assert.NotEmpty(e.Problem);
        Assert.False(e.IsTransient);
        return e;
    }

    public static byte[] Flip(byte[] bytes, int bit)
    {
        var flipped = bytes.ToArray();
        flipped[bit / 8] ^= (byte)(1 << (bit % 8));
        return flipped;
    }

    /// <summary>Gives a chunk the checksum of its content, as a faulty writer would.</summary>
    public static byte[] SealChunk(byte[] bytes)
    {
        SHA256.HashData(bytes.AsSpan(0, bytes.Length - 32), bytes.AsSpan(bytes.Length - 32));
        return bytes;
    }

    /// <summary>Gives the text of a manifest without its last field the checksum of its content.</summary>
    public static byte[] SealManifest(string body)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        return SealManifest(bytes);
    }

    public static byte[] SealManifest(byte[] body) =>
        [.. body, .. Encoding.ASCII.GetBytes($",\n  \"sha256\": \"{Convert.ToHexStringLower(SHA256.HashData(body))}\"\n}}\n")];

    /// <summary>A manifest's text without its checksum.</summary>
    public static string Body(SnapshotManifest manifest)
    {
        var text = Encoding.UTF8.GetString(ManifestCodec.Encode(manifest));
        return text[..text.LastIndexOf(",\n  \"sha256\"", StringComparison.Ordinal)];
    }
}
