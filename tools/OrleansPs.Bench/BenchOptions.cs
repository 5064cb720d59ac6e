using System.CommandLine;
using OrleansPs.Tools;

namespace OrleansPs.Bench;

/// <summary>The options of a measurement.</summary>
internal sealed class BenchOptions
{
    private readonly Option<bool> _quick = new("--quick") { Description = "A minute's selection of rows" };
    private readonly Option<bool> _dense = new("--dense") { Description = "Dense vectors alone" };
    private readonly Option<bool> _sparse = new("--sparse") { Description = "Rows of tables alone" };
    private readonly Option<bool> _replicated = new("--replicated") { Description = "With standbys; takes 2 silos or more" };
    private readonly Option<bool> _stock = new("--stock") { Description = "Beside, the dense rows as plain grain calls with float[] over Orleans' stock transport" };
    private readonly Option<long?> _silos = Checked.Whole("--silos", 1, 16, "How many silo processes [default: 1]");
    private readonly Option<long?> _workers = Checked.Whole("--workers", 1, 64, "How many worker processes, each with one session [default: 1]");
    private readonly Option<long?> _repetitions = Checked.Whole("--repetitions", 1, 1_000, "How often each row is measured [default: 5]");
    private readonly Option<long?> _milliseconds = Checked.Whole("--milliseconds", 10, 60_000, "How long a repetition takes, about [default: 700]");
    private readonly Option<long?> _cutEvery = Checked.Whole("--cut-every", 1, 3_600, "Take a snapshot every so many seconds meanwhile");
    private readonly Option<string?> _only = Checked.Text("--only", "REGEX", "The rows whose name matches, for example '^262,144, 8'");

    public Option<string?> Peer { get; } = Checked.Path("--peer", "FILE", "Rows of another system, with the columns of --tsv, to compare with");

    public Option<string?> Tsv { get; } = Checked.Path("--tsv", "FILE", "Write every repetition to a file of tab-separated columns");

    public Option<string?> Json { get; } = Checked.Path("--json", "FILE", "Write medians to a file of JSON");

    public Option<string?> Svg { get; } = Checked.Path("--svg", "FILE", "Write the ratios to others as a picture");

    public IEnumerable<Option> All => [_quick, _dense, _sparse, _only, _silos, _workers, _replicated, _stock, _cutEvery, _repetitions, _milliseconds, Peer, Tsv, Json, Svg];

    public BenchSettings ToSettings(ParseResult result)
    {
        var settings = new BenchSettings();
        var rows = result.GetValue(_quick) ? RowCatalog.Quick : settings.Rows;
        if (result.GetValue(_dense)) rows = rows.Where(row => !row.IsSparse);
        if (result.GetValue(_sparse)) rows = rows.Where(row => row.IsSparse);
        return (settings with
        {
            Rows = [.. rows],
            Silos = (int)(result.GetValue(_silos) ?? settings.Silos),
            Workers = (int)(result.GetValue(_workers) ?? settings.Workers),
            Repetitions = (int)(result.GetValue(_repetitions) ?? (result.GetValue(_quick) ? 3 : settings.Repetitions)),
            Seconds = (result.GetValue(_milliseconds) ?? 700) / 1e3,
            IsReplicated = result.GetValue(_replicated),
            HasStock = result.GetValue(_stock),
            CutEvery = (int)(result.GetValue(_cutEvery) ?? 0),
        }).Only(result.GetValue(_only));
    }
}
