using System.Runtime.CompilerServices;

namespace OrleansPs.Core.Tests.Snapshots;

/// <summary>
/// Files with the bytes that a format once had and must keep, in the folder <c>Golden</c> beside the test. Snapshots
/// outlive programs, so bytes that differ are a new format version, not a new golden file.
/// </summary>
internal static class GoldenFile
{
    private const string Accept = "ACCEPT_GOLDEN";

    /// <summary>The bytes of a golden file.</summary>
    public static byte[] Read(string name, [CallerFilePath] string test = "") => File.ReadAllBytes(PathOf(name, test));

    /// <summary>Compares what is written now with a golden file, or writes the file when that was asked for.</summary>
    public static void Check(string name, byte[] written, [CallerFilePath] string test = "")
    {
        var path = PathOf(name, test);
        if (Environment.GetEnvironmentVariable(Accept) == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllBytes(path, written);
            return;
        }
        var golden = File.Exists(path) ? File.ReadAllBytes(path) : [];
        if (golden.AsSpan().SequenceEqual(written)) return;
        var place = golden.AsSpan().CommonPrefixLength(written);
        Assert.Fail(
            $"What is written now differs from Golden/{name} from byte {place} on ({golden.Length} bytes then, {written.Length} now). "
            + "Snapshots that exist could no longer be read. If that is meant, raise the format version, describe the change in "
            + $"snapshot-format.md, and accept the new bytes with {Accept}=1 dotnet test.");
    }

    private static string PathOf(string name, string test) => Path.Combine(Path.GetDirectoryName(test)!, "Golden", name);
}
