using System.Diagnostics;
using OrleansPs.Training.Tests;

namespace OrleansPs.Train.Tests;

/// <summary>tools/demo.sh, with a dotnet and a curl that only say or copy what they are asked for.</summary>
public sealed class DemoScriptTests : IDisposable
{
    private readonly TempDirectory _directory = new();

    public DemoScriptTests()
    {
        Directory.CreateDirectory(_directory.File("bin"));
        Fake("dotnet", """echo "$@ with data in ${ORLEANSPS_DATA:-none}" """);
    }

    public void Dispose() => _directory.Dispose();

    [UnixFact]
    public async Task A_directory_of_an_argument_or_of_the_variable_is_used_as_it_is()
    {
        Assert.EndsWith("-- fashion-mnist --data mine --workers 2 with data in none", await RunAsync("main --data mine --workers 2"), StringComparison.Ordinal);
        Assert.EndsWith("-- fashion-mnist --data=mine with data in none", await RunAsync("main --data=mine"), StringComparison.Ordinal);
        Assert.EndsWith("-- fashion-mnist --help with data in none", await RunAsync("main --help"), StringComparison.Ordinal);
        Assert.EndsWith("-- fashion-mnist with data in mine", await RunAsync("ORLEANSPS_DATA=mine; export ORLEANSPS_DATA; main"), StringComparison.Ordinal);
    }

    [UnixFact]
    public async Task Data_in_the_cache_is_used_again()
    {
        var cache = Directory.CreateDirectory(_directory.File("cache/orleansps/fashion-mnist")).FullName;
        foreach (var name in (string[])["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"])
            await File.WriteAllTextAsync(Path.Combine(cache, name + "-ubyte.gz"), "");
        Assert.EndsWith($"with data in {cache}", await RunAsync("main"), StringComparison.Ordinal);
    }

    [UnixFact]
    public async Task A_download_with_other_content_is_refused_and_not_kept()
    {
        Fake("curl", """while [ $# -gt 1 ]; do [ "$1" = --output ] && file=$2; shift; done; echo other | gzip >"$file" """);
        var said = await RunAsync("main", status: 1);
        Assert.Contains("train-images-idx3-ubyte.gz is not the data set's file", said, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_directory.File("cache"), "*", SearchOption.AllDirectories));
    }

    [UnixFact]
    public async Task A_download_that_fails_says_how_to_go_on()
    {
        Fake("curl", "exit 22");
        Assert.Contains("could not be downloaded. Name a directory that has the data set: --data DIR", await RunAsync("main", status: 1), StringComparison.Ordinal);
    }

    [RealDataFact]
    public async Task The_data_set_itself_passes_the_check()
    {
        Fake("curl", $$"""while [ $# -gt 1 ]; do [ "$1" = --output ] && file=$2; shift; done; cp "{{RealDataFactAttribute.Location}}/${1##*/}" "$file" """);
        Assert.EndsWith($"with data in {_directory.File("cache")}/orleansps/fashion-mnist", await RunAsync("main"), StringComparison.Ordinal);
    }

    [UnixFact]
    public async Task Without_dotnet_the_script_says_where_to_get_it()
    {
        Fake("dotnet", "exit 1");
        Assert.Contains("the .NET 10 SDK is needed", await RunAsync("main", status: 1), StringComparison.Ordinal);
    }

    private void Fake(string name, string body)
    {
        var path = _directory.File("bin/" + name);
        File.WriteAllText(path, $"#!/usr/bin/env bash\n{body}\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
    }

    // On a machine with the package, or on which it could be installed, none of this would be tried.
    private async Task<string> RunAsync(string command, int status = 0)
    {
        var info = new ProcessStartInfo("bash") { RedirectStandardOutput = true, RedirectStandardError = true };
        info.ArgumentList.Add("-c");
        info.ArgumentList.Add($"source '{Script()}'; package_directory=nowhere; install_package() {{ return 1; }}; {command}");
        info.Environment["PATH"] = $"{_directory.File("bin")}:{Environment.GetEnvironmentVariable("PATH")}";
        info.Environment["XDG_CACHE_HOME"] = _directory.File("cache");
        info.Environment.Remove("ORLEANSPS_DATA");
        using var process = Process.Start(info)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == status, await output + await error);
        return (status == 0 ? await output : await error).TrimEnd();
    }

    internal static string Script(string name = "demo.sh")
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
            if (File.Exists(Path.Combine(directory.FullName, "tools", name))) return Path.Combine(directory.FullName, "tools", name);
        throw new InvalidOperationException($"tools/{name} was not found.");
    }
}
