using System.CommandLine;
using OrleansPs.Train;

namespace OrleansPs.Torture;

/// <summary>The options of the program.</summary>
internal sealed class TortureOptions
{
    private readonly Option<double> _minutes = OptionKinds.RealWithDefault("--minutes", 0.1, 1440, "it must be 0.1 to 1440.", 10, "How long faults are done");

    private readonly Option<int> _silos = OptionKinds.Whole("--silos", 2, 50, 3, "How many silos");

    private readonly Option<int> _workers = OptionKinds.Whole("--workers", 1, 64, 4, "How many workers each model has");

    private readonly Option<int> _parameters = OptionKinds.Whole("--parameters", 1, 256, 8, "How many parameters each model has, a block of 256 KiB each");

    private readonly Option<int?> _seed = OptionKinds.WholeOrNone("--seed", 0, int.MaxValue, "The seed of the faults [default: a random one, which is told]");

    private readonly Option<string> _durability =
        OptionKinds.Choice("--durability", ["replicated", "snapshot"], "replicated", "What the models survive the death of a silo by");

    private readonly Option<string?> _consistency =
        OptionKinds.Path("--consistency", "asp|ssp|bsp,...", "How far workers may drift apart; several make as many models [default: asp]");

    private readonly Option<int> _rest = OptionKinds.Whole("--rest", 0, 60_000, 10, "How many milliseconds a worker rests after a step");

    private readonly Option<int> _snapshotEvery = OptionKinds.Whole("--snapshot-every", 1, 3600, 10, "Take a snapshot after so many seconds");

    private readonly Option<string> _network =
        OptionKinds.Choice("--network", ["auto", "off", "on"], "auto", "Whether silos and workers get a network that can be cut; that needs root");

    private readonly Option<bool> _keep = OptionKinds.Switch("--keep", "Keep logs, ledgers and snapshots of a run that passed too");

    public Option<string?> Json { get; } = OptionKinds.Path("--json", "FILE", "Write all figures to a file");

    public IEnumerable<Option> All =>
        [_minutes, _silos, _workers, _parameters, _seed, _durability, _consistency, _rest, _snapshotEvery, _network, _keep, Json];

    public bool Keeps(ParseResult result) => result.GetValue(_keep);

    /// <exception cref="InvalidOptionsException">They break a rule.</exception>
    public RunSettings ToSettings(ParseResult result)
    {
        var modes = (result.GetValue(_consistency) ?? "asp").Split(',');
        Rule.Require(modes.All(mode => mode is "asp" or "ssp" or "bsp") && modes.Distinct().Count() == modes.Length,
            _consistency.Name, string.Join(',', modes), "it must be asp, ssp or bsp, or several of them with commas between.");
        var (silos, places) = (result.GetValue(_silos), result.GetValue(_silos) + (result.GetValue(_workers) * modes.Length));
        Rule.Require(places <= 240, _workers.Name, result.GetValue(_workers), "all silos and workers together must be at most 240.");
        return new()
        {
            Minutes = result.GetValue(_minutes),
            Silos = silos,
            Workers = result.GetValue(_workers),
            Parameters = result.GetValue(_parameters),
            Seed = result.GetValue(_seed) ?? Random.Shared.Next(1_000_000),
            Replicated = result.GetValue(_durability) == "replicated",
            Consistencies = modes,
            Rest = TimeSpan.FromMilliseconds(result.GetValue(_rest)),
            SnapshotInterval = TimeSpan.FromSeconds(result.GetValue(_snapshotEvery)),
            Network = Enum.Parse<NetworkUse>(result.GetValue(_network)!, ignoreCase: true),
        };
    }
}
