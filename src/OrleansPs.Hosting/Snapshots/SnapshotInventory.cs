using OrleansPs.Core.Snapshots;

namespace OrleansPs.Hosting;

/// <summary>What files of a model there are, judged by their names alone.</summary>
/// <param name="Cuts">The cuts that have a manifest, ascending.</param>
/// <param name="Chunks">The chunks.</param>
/// <param name="Temporary">Half-written files, and the cut each was meant for, where the name tells.</param>
internal sealed record SnapshotInventory(
    IReadOnlyList<long> Cuts, IReadOnlyList<ChunkIdentity> Chunks, IReadOnlyList<(string Path, long? Cut)> Temporary)
{
    public static SnapshotInventory Of(SnapshotPaths paths)
    {
        var files = NamesIn(paths.Directory);
        var chunks = NamesIn(paths.Chunks);
        return new(
            [.. files.Select(SnapshotPaths.CutOfManifest).OfType<long>().Order()],
            [.. chunks.Select(CutOfChunk).OfType<ChunkIdentity>()],
            [
                .. TemporaryIn(paths.Directory, files, SnapshotPaths.CutOfManifest),
                .. TemporaryIn(paths.Chunks, chunks, name => CutOfChunk(name)?.Cut),
            ]);
    }

    /// <summary>Numbers that none of these files has used.</summary>
    public ModelPointer PointerAbove() => new(
        Chunks.Select(c => c.Generation).DefaultIfEmpty(0).Max(), 0,
        Cuts.Concat(Chunks.Select(c => c.Cut)).DefaultIfEmpty(0).Max() + 1);

    private static IEnumerable<(string, long?)> TemporaryIn(string directory, string[] names, Func<string, long?> cutOf) =>
        from name in names
        let final = DurableFile.FinalNameOf(name)
        where final is not null && cutOf(final) is not null
        select (Path.Combine(directory, name), cutOf(final));

    private static ChunkIdentity? CutOfChunk(string name) => ChunkName.TryParse("", name, out var chunk) ? chunk : null;

    private static string[] NamesIn(string directory)
    {
        try
        {
            return [.. Directory.EnumerateFiles(directory).Select(path => Path.GetFileName(path))];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }
}
