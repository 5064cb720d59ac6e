using System.Globalization;

namespace OrleansPs.Hosting;

/// <summary>
/// Where the files of one model are: <c>manifest-17.json</c>, <c>chunks/g0-c17-b4-e0</c>, <c>pointer.json</c>.
/// </summary>
internal sealed class SnapshotPaths
{
    private const string ManifestStart = "manifest-";
    private const string ManifestEnd = ".json";

    public SnapshotPaths(string root, string model)
    {
        if (!IsName(model)) throw new ArgumentException($"'{model}' can't be a model's name.", nameof(model));
        Directory = Path.Combine(root, model);
        Chunks = Path.Combine(Directory, "chunks");
    }

    public string Directory { get; }

    public string Chunks { get; }

    public string Pointer => Path.Combine(Directory, "pointer.json");

    public string PointerLock => Path.Combine(Directory, "pointer.lock");

    public string Chunk(string name) => IsName(name)
        ? Path.Combine(Chunks, name)
        : throw new ArgumentException($"'{name}' can't be a chunk's name.", nameof(name));

    public string Manifest(long cut) =>
        Path.Combine(Directory, string.Create(CultureInfo.InvariantCulture, $"{ManifestStart}{cut}{ManifestEnd}"));

    /// <summary>The cut of a manifest's file name; null if it is none.</summary>
    public static long? CutOfManifest(string name)
    {
        if (!name.StartsWith(ManifestStart, StringComparison.Ordinal) || !name.EndsWith(ManifestEnd, StringComparison.Ordinal))
            return null;
        var number = name[ManifestStart.Length..^ManifestEnd.Length];
        return long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var cut)
            && cut.ToString(CultureInfo.InvariantCulture) == number ? cut : null;
    }

    /// <summary>Whether a name may become a file's: names reach this class checked, and this is the last door.</summary>
    public static bool IsName(string name) =>
        name is { Length: > 0 and <= 128 } && name[0] != '.'
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');
}
