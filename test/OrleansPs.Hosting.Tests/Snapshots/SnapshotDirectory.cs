using OrleansPs.Hosting;

namespace OrleansPs.Hosting.Tests;

/// <summary>A directory with snapshots for one test, and its files.</summary>
internal sealed class SnapshotDirectory : IDisposable
{
    public SnapshotDirectory()
    {
        Path = Directory.CreateTempSubdirectory("orleansps-").FullName;
        Store = new DirectorySnapshotStore(Path);
    }

    public string Path { get; }

    public DirectorySnapshotStore Store { get; }

    public string Model => System.IO.Path.Combine(Path, Cuts.Model);

    public string Pointer => System.IO.Path.Combine(Model, "pointer.json");

    public string Manifest(long cut) => System.IO.Path.Combine(Model, $"manifest-{cut}.json");

    public string Chunk(long cut, int block) => System.IO.Path.Combine(Model, "chunks", $"g0-c{cut}-b{block}-e0");

    /// <summary>All files below the directory, relative and with forward slashes, in order.</summary>
    public string[] Files() =>
    [
        .. Directory.EnumerateFiles(Path, "*", SearchOption.AllDirectories)
            .Select(file => System.IO.Path.GetRelativePath(Path, file).Replace('\\', '/'))
            .Order(StringComparer.Ordinal),
    ];

    public static void Flip(string path, long place)
    {
        var bytes = File.ReadAllBytes(path);
        bytes[place] ^= 1;
        File.WriteAllBytes(path, bytes);
    }

    public static void Truncate(string path, long length)
    {
        using var file = File.OpenWrite(path);
        file.SetLength(length);
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
