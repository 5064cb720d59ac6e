using System.CommandLine;
using OrleansPs.Tools;

namespace OrleansPs.Ctl;

/// <summary>One command that runs.</summary>
internal sealed class Call(ParseResult arguments, ConnectionSettings settings, bool json, Surroundings surroundings, CancellationToken stop)
    : IAsyncDisposable
{
    private Cluster? _cluster;

    public Surroundings Surroundings => surroundings;

    public CancellationToken Stop => stop;

    public Output Output { get; } = new(surroundings.Out, surroundings.OutIsTerminal, json);

    public ProgressDisplay Progress { get; } = new(surroundings.Error, surroundings.ErrorIsTerminal);

    public T Get<T>(Argument<T> argument) => arguments.GetValue(argument)!;

    public T? Get<T>(Option<T> option) => arguments.GetValue(option);

    /// <summary>Connects at the first call, so that what is wrong on this side is said before.</summary>
    public async Task<Cluster> ConnectAsync() => _cluster ??= await surroundings.ConnectAsync(settings, stop).ConfigureAwait(false);

    public ValueTask DisposeAsync() => _cluster?.DisposeAsync() ?? default;
}
