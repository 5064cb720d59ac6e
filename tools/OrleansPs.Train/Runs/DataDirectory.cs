using OrleansPs.Training;

namespace OrleansPs.Train;

/// <summary>Where a data set is looked for: the first of these that applies.</summary>
internal static class DataDirectory
{
    public const string VariableName = "ORLEANSPS_DATA";

    /// <summary>Where the Debian package dataset-fashion-mnist puts it.</summary>
    public const string DebianPackage = "/usr/share/datasets/fashion-mnist";

    /// <summary>The directory of an option or of the variable, whatever is there; otherwise one that has the data, or the cache.</summary>
    public static string Find(string? option, Func<string, string?> variable, string name = PerceptronOptions.JobName)
    {
        if (option is not null) return option;
        if (variable(VariableName) is { Length: > 0 } named) return named;
        return name == PerceptronOptions.JobName && Directory.Exists(DebianPackage) ? DebianPackage : Cache(variable, name);
    }

    /// <summary>Loads a job's data, and says in a missing one's error how to come by it.</summary>
    /// <exception cref="DataFormatException">It is missing or bad.</exception>
    public static LoadedJob Load(JobOptions job, RunSettings settings, string path) => Path.Exists(path)
        ? job.Load(settings, path)
        : throw new DataFormatException(path, $"the directory does not exist. Name one with --data or ${VariableName}, or let tools/{(job.HasParameters ? "demo.sh" : $"data.sh {job.DataName}")} fetch the data set.");

    /// <summary>Checks that a split has left something on both sides.</summary>
    public static void RequireBoth(string path, int train, int test)
    {
        if (train == 0 || test == 0)
            throw new DataFormatException(path, $"there are {train} examples to train with and {test} to test with; both are needed. It is too little data for --test-share.");
    }

    // The same as in tools/demo.sh and tools/data.sh.
    private static string Cache(Func<string, string?> variable, string name) => Path.Combine(
        variable("XDG_CACHE_HOME") is { Length: > 0 } cache ? cache
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
        "orleansps", name);
}
