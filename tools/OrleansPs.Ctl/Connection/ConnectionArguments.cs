using System.CommandLine;

namespace OrleansPs.Tools;

/// <summary>The options that say which cluster a tool connects to; each command of the tool has them.</summary>
internal sealed class ConnectionArguments
{
    private readonly Option<string?> _config = Checked.Path("--config", "FILE", "A JSON file of settings [default: appsettings.json, if there is one]");

    private readonly Option<string?> _directory = Checked.Path("--directory", "DIR",
        "The directory in which the silos of this machine find each other [default: what the settings say, or ~/.orleansps]");

    private readonly Option<IReadOnlyList<GatewayName>> _gateways = Checked.List("--gateway", "HOST:PORT",
        "A silo's gateway to connect to, whatever the settings say; may be given several times", GatewayName.Parse,
        "it must be a name or an IP address, a colon and a port from 1 to 65535.");

    private readonly Option<string?> _clusterId = Checked.Text("--cluster-id", "ID", "The cluster's id [default: what the settings say, or orleansps]");

    private readonly Option<string?> _serviceId = Checked.Text("--service-id", "ID", "The service's id [default: what the settings say, or orleansps]");

    private readonly Option<long?> _timeout = Checked.Whole("--connect-timeout", 1, 3600, "How many seconds a silo is looked for [default: 10]");

    private readonly Option<bool> _verbose = new("--verbose") { Description = "Write the log of the connection to stderr" };

    private IEnumerable<Option> All => [_config, _directory, _gateways, _clusterId, _serviceId, _timeout, _verbose];

    /// <summary>Gives a program, and all of its commands, these options.</summary>
    public void AddTo(RootCommand root)
    {
        foreach (var option in All)
        {
            option.Recursive = true;
            root.Options.Add(option);
        }
    }

    /// <summary>What is wrong with the options together; null for nothing.</summary>
    public string? Problem(Func<Option, bool> isGiven) => isGiven(_directory) && isGiven(_gateways)
        ? $"{_directory.Name} does not go with {_gateways.Name}."
        : null;

    public ConnectionSettings ToSettings(ParseResult result) => new()
    {
        File = result.GetValue(_config),
        Directory = result.GetValue(_directory),
        Gateways = result.GetValue(_gateways) ?? [],
        ClusterId = result.GetValue(_clusterId),
        ServiceId = result.GetValue(_serviceId),
        ConnectTimeout = result.GetValue(_timeout) is { } seconds ? TimeSpan.FromSeconds(seconds) : new ConnectionSettings().ConnectTimeout,
        Verbose = result.GetValue(_verbose),
    };
}
