using System.CommandLine;
using System.CommandLine.Parsing;

namespace OrleansPs.Train;

/// <summary>The options that lessen what slow workers cost under BSP, and what stale gradients cost under SSP and ASP.</summary>
/// <param name="hasParameters">Whether the job's model has dense parameters: nothing else is compensated.</param>
internal sealed class MitigationOptions(bool hasParameters)
{
    private readonly Option<int> _backupWorkers = OptionKinds.Whole("--backup-workers", 0, 255, 0,
        "Under BSP, without how many of the slowest workers a round closes");

    private readonly Option<string> _compensation = OptionKinds.Choice("--compensation", ["none", "lr", "dc"], "none",
        "Under SSP and ASP, what is done about stale gradients: a smaller learning rate, or DC-ASGD");

    private readonly Option<double?> _lambda = Lambda();

    public IEnumerable<Option> All => hasParameters ? [_backupWorkers, _compensation, _lambda] : [_backupWorkers];

    /// <summary>The option that says how strong DC-ASGD is.</summary>
    public static Option<double?> Lambda() => OptionKinds.Real("--dc-lambda", double.Epsilon, 1000, "it must be a number above 0 and at most 1000.",
        FormattableString.Invariant($"The strength of DC-ASGD [default: {RunSettings.DefaultDcLambda}]"));

    /// <summary>The settings with what the options say.</summary>
    /// <exception cref="InvalidOptionsException">They don't go with the rest.</exception>
    public RunSettings AddTo(RunSettings settings, ParseResult result)
    {
        var backups = result.GetValue(_backupWorkers);
        Rule.Require(backups == 0 || settings.Consistency == "bsp", "--backup-workers", backups, "it goes with --consistency bsp alone.");
        Rule.Require(backups < settings.Workers, "--backup-workers", backups, $"it must be below --workers, which is {settings.Workers}.");
        if (!hasParameters) return settings with { BackupWorkers = backups };
        var (compensation, lambda) = (result.GetValue(_compensation)!, result.GetValue(_lambda));
        Rule.Require(compensation == "none" || settings.Consistency != "bsp", "--compensation", compensation, "it goes with --consistency ssp or asp.");
        Rule.Require(compensation == "dc" || lambda is null, "--dc-lambda", lambda, "it goes with --compensation dc alone.");
        return settings with
        {
            BackupWorkers = backups,
            Compensation = compensation,
            DcLambda = compensation == "dc" ? lambda ?? RunSettings.DefaultDcLambda : 0,
        };
    }

    /// <summary>Checks that the options are not given other values than the training that is resumed has.</summary>
    /// <exception cref="InvalidOptionsException">They are.</exception>
    public void KeepAll(ParseResult result, RunSettings saved)
    {
        JobOptions.Keep(result, _backupWorkers, saved.BackupWorkers);
        if (!hasParameters) return;
        JobOptions.Keep(result, _compensation, saved.Compensation);
        JobOptions.Keep(result, _lambda, saved.DcLambda);
    }
}
