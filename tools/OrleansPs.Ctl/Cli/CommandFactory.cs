using System.CommandLine;
using OrleansPs.Tools;

namespace OrleansPs.Ctl;

/// <summary>Makes the commands, with what all of them share.</summary>
internal sealed class CommandFactory
{
    private readonly Surroundings _surroundings;
    private readonly ConnectionArguments _connection = new();

    private readonly Option<bool> _json = new("--json")
    {
        Description = "Write one JSON document for scripts, instead of text for people",
        Recursive = true,
    };

    public CommandFactory(RootCommand root, Surroundings surroundings)
    {
        _surroundings = surroundings;
        _connection.AddTo(root);
        root.Options.Add(_json);
    }

    /// <summary>Whether somebody can be asked.</summary>
    public bool CanAsk => _surroundings.CanAsk;

    public static Argument<string> Model() => Checked.TextArgument("MODEL", "The model's name");

    public static Option<long?> Cut(string description) => Checked.Whole("--cut", 1, long.MaxValue, description);

    /// <summary>A command that works on the cluster.</summary>
    public Command Create(string name, string description, IEnumerable<Symbol> symbols, Func<Call, Task> runAsync)
    {
        var command = new Command(name, description);
        foreach (var symbol in symbols)
        {
            if (symbol is Option option) command.Options.Add(option);
            else command.Arguments.Add((Argument)symbol);
        }
        command.Validators.Add(result =>
        {
            if (_connection.Problem(option => result.GetResult(option) is { Implicit: false }) is { } problem) result.AddError(problem);
        });
        command.SetAction((result, stop) => RunAsync(result, runAsync, stop));
        return command;
    }

    /// <summary>Refuses an option beside <c>--json</c>.</summary>
    public void ForbidWithJson(Command command, Option<bool> option) => command.Validators.Add(result =>
    {
        if (result.GetValue(option) && result.GetValue(_json)) result.AddError($"{option.Name} does not go with {_json.Name}.");
    });

    private async Task<int> RunAsync(ParseResult result, Func<Call, Task> runAsync, CancellationToken stop)
    {
        var call = new Call(result, _connection.ToSettings(result), result.GetValue(_json), _surroundings, stop);
        await using var _ = call.ConfigureAwait(false);
        await runAsync(call).ConfigureAwait(false);
        return ExitStatus.Ok;
    }
}
