namespace OrleansPs.Conformance;

/// <summary>A directory that goes when the test ends.</summary>
public sealed class TempDirectory : IDisposable
{
    public string FullPath { get; } = Directory.CreateTempSubdirectory("orleansps-").FullName;

    public void Dispose()
    {
        if (Directory.Exists(FullPath)) Directory.Delete(FullPath, recursive: true);
    }
}
