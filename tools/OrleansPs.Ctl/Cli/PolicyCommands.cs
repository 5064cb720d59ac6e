using System.CommandLine;
using System.Globalization;
using OrleansPs.Tools;
using OrleansPs.Train;

namespace OrleansPs.Ctl;

/// <summary><c>policy</c>: how a model is trained, and how that changes.</summary>
internal sealed class PolicyCommands(CommandFactory factory)
{
    private readonly Argument<string> _model = CommandFactory.Model();
    private readonly Option<ConsistencyPolicy?> _consistency = Checked.Option<ConsistencyPolicy?>(
        "--consistency", "MODE", "How far workers may drift apart: bsp, ssp:N (at most N clocks) or asp", ParseConsistency,
        "it must be bsp, asp, or ssp:N with N from 0 to 1000000.");
    private readonly Option<long?> _backup = Checked.Whole("--backup", 0, 4095, "How many of its workers a round closes without");
    private readonly Option<double?> _scale = Checked.Option<double?>(
        "--lr-scale", "X", "A factor on the spec's learning rates", ParseScale, "it must be a finite number >= 0.");

    public Command Build() => factory.Create(
        "policy", "Show how a model is trained, or change it while it is trained", [_model, _consistency, _backup, _scale], RunAsync);

    private async Task RunAsync(Call call)
    {
        var model = call.Get(_model);
        var change = new PolicyChange
        {
            Consistency = call.Get(_consistency), BackupWorkers = (int?)call.Get(_backup), LrScale = call.Get(_scale),
        };
        var cluster = await call.ConnectAsync().ConfigureAwait(false);
        if (change == new PolicyChange())
        {
            var present = (await cluster.Server.GetStatusAsync(model, call.Stop).ConfigureAwait(false)).Policy;
            call.Output.Say(PolicyDocument.Of(present), $"model '{model}' is trained by {present}");
            return;
        }
        var policy = await cluster.Server.ChangePolicyAsync(model, change, call.Stop).ConfigureAwait(false);
        call.Output.Say(PolicyDocument.Of(policy), $"model '{model}' is trained by {policy} from now on");
    }

    private static ConsistencyPolicy? ParseConsistency(string text)
    {
        var (mode, staleness) = PolicyText.Parse(text);
        return PolicyText.Of(mode, staleness);
    }

    private static double? ParseScale(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var scale) && scale >= 0 && float.IsFinite((float)scale)
            ? scale : throw new FormatException();
}
