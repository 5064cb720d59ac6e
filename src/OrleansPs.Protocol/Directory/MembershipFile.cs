using System.Text.Json;

namespace OrleansPs.Protocol;

/// <summary>
/// The silos of one cluster, as a file in a directory: who writes it holds a lock and replaces it whole, so whoever reads it needs
/// none.
/// </summary>
internal static class MembershipFile
{
    /// <summary>Where the file of a cluster is.</summary>
    public static string PathOf(string directory, string clusterId) =>
        Path.Combine(directory, "membership", DirectoryPath.NameOf(clusterId) + ".json");

    /// <summary>Reads the file; an empty table where there is none.</summary>
    /// <exception cref="InvalidOptionsException">It is no membership file.</exception>
    public static MembershipDocument Read(string path)
    {
        try
        {
            var content = ReadAll(path);
            // So a machine leaves the file that loses its power; its silos ended with it.
            if (content.AsSpan().IndexOfAnyExcept((byte)0) < 0) return new();
            return JsonSerializer.Deserialize(content, MembershipJson.Default.MembershipDocument) ?? throw new JsonException("it is null.");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new();
        }
        catch (JsonException e)
        {
            throw new InvalidOptionsException(DirectoryClusteringOptions.Key, path,
                $"this file is no list of silos ({e.Message.TrimEnd('.')}): delete it while no silo runs.");
        }
    }

    public static byte[] Write(MembershipDocument document) =>
        JsonSerializer.SerializeToUtf8Bytes(document, MembershipJson.Default.MembershipDocument);

    // The file may be replaced meanwhile.
    private static byte[] ReadAll(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        var content = new byte[file.Length];
        file.ReadExactly(content);
        return content;
    }
}
