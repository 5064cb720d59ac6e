using OrleansPs.Training;

namespace OrleansPs.Train;

/// <summary>Where the data set is looked for: the first of these that applies.</summary>
internal static class DataDirectory
{
    public const string VariableName = "ORLEANSPS_DATA";

    /// <summary>Where the Debian package dataset-fashion-mnist puts it.</summary>
    public const string DebianPackage = "/usr/share/datasets/fashion-mnist";

    /// <summary>The directory of an option or of the variable, whatever is there; otherwise one that has the data, or the cache.</summary>
    public static string Find(string? option, Func<string, string?> variable)
    {
        if (option is not null) return option;
        if (variable(VariableName) is { Length: > 0 } named) return named;
        return Directory.Exists(DebianPackage) ? DebianPackage : Cache(variable);
    }

    /// <summary>Loads it, and says in a missing directory's error how to come by it.</summary>
    /// <exception cref="DataFormatException">It is missing or bad.</exception>
    public static FashionMnist Load(string directory) => Directory.Exists(directory)
        ? FashionMnist.Load(directory)
        : throw new DataFormatException(directory, $"the directory does not exist. Name one with --data or ${VariableName}, or let tools/demo.sh fetch the data set.");

    // The same as in tools/demo.sh.
    private static string Cache(Func<string, string?> variable) => Path.Combine(
        variable("XDG_CACHE_HOME") is { Length: > 0 } cache ? cache
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
        "orleansps", "fashion-mnist");
}
