using System.Runtime.Versioning;

namespace OrleansPs.Hosting.Tests;

/// <summary>What a user without rights is told. Root has all of them, so a process of another user asks.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class PermissionTests : IDisposable
{
    private readonly SnapshotDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [NobodyFact]
    public async Task Without_the_right_to_write_a_snapshot_can_be_loaded()
    {
        await Cuts.WriteAsync(_directory.Store, 1);
        LetOthersRead(_directory.Path);
        Assert.Equal("done", await AsNobodyAsync("load"));
        foreach (var what in (string[])["probe", "lock", "write", "number"]) Assert.Equal(NoPermission, await AsNobodyAsync(what));
    }

    [NobodyFact]
    public async Task Without_any_right_nothing_is_said_to_be_missing_or_damaged()
    {
        await Cuts.WriteAsync(_directory.Store, 1);
        foreach (var closed in (string[])["m/chunks", "m", "."])
        {
            LetOthersRead(_directory.Path);
            File.SetUnixFileMode(Path.Combine(_directory.Path, closed), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            foreach (var what in (string[])["load", "load-first", "list"]) Assert.Equal(NoPermission, await AsNobodyAsync(what));
        }
        LetOthersRead(_directory.Path);
        File.SetUnixFileMode(_directory.Manifest(1), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.Equal(NoPermission, await AsNobodyAsync("load"));
        Cuts.AssertIs(1, await Cuts.LoadAsync(_directory.Store));
    }

    [NobodyFact]
    public async Task A_directory_that_can_be_written_but_not_read_is_refused_for_good()
    {
        File.SetUnixFileMode(_directory.Path, UnixFileMode.OtherWrite | UnixFileMode.OtherExecute);
        Assert.Equal(NoPermission, await AsNobodyAsync("probe"));
    }

    private string NoPermission => "SnapshotStorageException|False|"
        + $"{_directory.Path}: No permission. Give this user the right to write there, or name another directory.";

    private async Task<string> AsNobodyAsync(string what)
    {
        using var child = Child.StartAsNobody("try", what, _directory.Path);
        return Assert.Single(await child.ReadAllAsync());
    }

    private static void LetOthersRead(string directory)
    {
        const UnixFileMode mine = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        const UnixFileMode theirs = UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
        foreach (var path in (string[])[directory, .. Directory.EnumerateDirectories(directory, "*", SearchOption.AllDirectories)])
            File.SetUnixFileMode(path, mine | theirs);
        foreach (var path in Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories))
            File.SetUnixFileMode(path, mine | UnixFileMode.OtherRead);
    }
}
