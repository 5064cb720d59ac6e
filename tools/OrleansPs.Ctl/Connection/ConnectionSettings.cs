using Microsoft.Extensions.Configuration;

namespace OrleansPs.Tools;

/// <summary>Which cluster to connect to, and how.</summary>
internal sealed record ConnectionSettings
{
    private const string Section = "Orleans:Clustering";
    private const string SettingsFile = "appsettings.json";

    // As the silo's own settings have them, so that a silo and a tool started side by side meet.
    private static readonly Dictionary<string, string?> s_defaults = new()
    {
        ["Orleans:ClusterId"] = "orleansps",
        ["Orleans:ServiceId"] = "orleansps",
        [$"{Section}:ProviderType"] = "Directory",
        [$"{Section}:Directory"] = "~/.orleansps",
    };

    private static readonly string[] s_clientSections = ["ClusterId", "ServiceId", "Messaging", "Gateway"];

    /// <summary>A file of settings that must exist; null for appsettings.json, if there is one.</summary>
    public string? File { get; init; }

    /// <summary>The directory in which silos find each other; null for what the configuration says.</summary>
    public string? Directory { get; init; }

    /// <summary>Gateways to use instead of any clustering.</summary>
    public IReadOnlyList<GatewayName> Gateways { get; init; } = [];

    public string? ClusterId { get; init; }

    public string? ServiceId { get; init; }

    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Whether log messages go to stderr.</summary>
    public bool Verbose { get; init; }

    /// <summary>What holds together: options before environment variables before the file before the defaults.</summary>
    /// <param name="current">The directory in which appsettings.json is looked for, and from which a relative file begins.</param>
    /// <exception cref="DataFormatException">The file is missing or no JSON.</exception>
    public ConfigurationManager ToConfiguration(string current)
    {
        var all = new ConfigurationManager();
        all.AddInMemoryCollection(s_defaults);
        AddFile(all, Path.GetFullPath(File ?? SettingsFile, current));
        all.AddEnvironmentVariables();
        all.AddInMemoryCollection(Given());
        return ForClient(all);
    }

    private void AddFile(ConfigurationManager all, string path)
    {
        if (File is not null && !System.IO.File.Exists(path)) throw new DataFormatException(path, "There is no such file.");
        try
        {
            all.AddJsonFile(path, optional: true, reloadOnChange: false);
        }
        catch (InvalidDataException e)
        {
            throw new DataFormatException(path, e.GetBaseException().Message);
        }
    }

    private IEnumerable<KeyValuePair<string, string?>> Given()
    {
        if (ClusterId is not null) yield return new("Orleans:ClusterId", ClusterId);
        if (ServiceId is not null) yield return new("Orleans:ServiceId", ServiceId);
        if (Directory is null) yield break;
        yield return new($"{Section}:ProviderType", "Directory");
        yield return new($"{Section}:Directory", Directory);
    }

    // Of a silo's settings, Orleans would look for the silo's providers here too, and of clustering whatever gateways it is given.
    private ConfigurationManager ForClient(ConfigurationManager all)
    {
        var kept = new ConfigurationManager();
        kept.AddInMemoryCollection(all.AsEnumerable().Where(setting => setting.Value is not null && IsForClient(setting.Key)));
        all.Dispose();
        return kept;
    }

    private bool IsForClient(string key) => key.Split(':') switch
    {
        [var root, ..] when !Is(root, "Orleans") => true,
        [_, var section, ..] when Is(section, "Clustering") => Gateways.Count == 0,
        [_, var section, ..] => s_clientSections.Any(name => Is(section, name)),
        _ => false,
    };

    private static bool Is(string name, string other) => name.Equals(other, StringComparison.OrdinalIgnoreCase);
}
