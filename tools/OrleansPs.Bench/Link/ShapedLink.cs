using System.Globalization;
using OrleansPs.Torture;

namespace OrleansPs.Bench;

/// <summary>
/// A cable between two network namespaces, each end of which sends at a rate and no faster (a token bucket, tc-tbf). What queues for it waits at most 50 ms, more than
/// a connection ever has on its way here, so nothing is lost.
/// </summary>
/// <remarks>The namespaces' names begin with the process's id, so that they can be found and taken away whatever becomes of it.</remarks>
internal sealed class ShapedLink : IAsyncDisposable
{
    // The kernel hands over packets of up to 64 KiB, and the bucket must hold one.
    private const string Bucket = "burst 256kb latency 50ms";

    private readonly List<string> _namespaces = [];

    private ShapedLink()
    {
    }

    /// <summary>Makes a link.</summary>
    /// <param name="rate">As tc has it, such as 1gbit.</param>
    /// <exception cref="ShapedLinkException">It cannot be made here.</exception>
    public static async Task<ShapedLink> CreateAsync(string rate)
    {
        if (!OperatingSystem.IsLinux()) throw new ShapedLinkException("this is no Linux");
        if (!Environment.IsPrivilegedProcess) throw new ShapedLinkException("this is not root");
        var link = new ShapedLink();
        if (await link.MakeAsync(rate).ConfigureAwait(false) is not { } problem) return link;
        await link.DisposeAsync().ConfigureAwait(false);
        throw new ShapedLinkException(problem);
    }

    /// <summary>The address of an end, 0 or 1. The range is set aside for tests of networks.</summary>
    public static string AddressOf(int end) => string.Create(CultureInfo.InvariantCulture, $"198.19.255.{1 + end}");

    /// <summary>What stands before a command that is to run at an end.</summary>
    public static string[] At(string end) => ["ip", "netns", "exec", end];

    /// <summary>The names of the two ends.</summary>
    public IReadOnlyList<string> Ends => _namespaces;

    public async ValueTask DisposeAsync()
    {
        foreach (var name in _namespaces) await Tool.RunAsync("ip", "netns", "del", name).ConfigureAwait(false);
    }

    private async Task<string?> MakeAsync(string rate) =>
        await AddAsync(0).ConfigureAwait(false)
            ?? await AddAsync(1).ConfigureAwait(false)
            ?? await RunAsync($"ip -n {_namespaces[0]} link add end0 type veth peer name end1 netns {_namespaces[1]}").ConfigureAwait(false)
            ?? await SetUpAsync(0, rate).ConfigureAwait(false)
            ?? await SetUpAsync(1, rate).ConfigureAwait(false);

    private async Task<string?> AddAsync(int end)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"bench-{Environment.ProcessId}-{end}");
        if (await RunAsync($"ip netns add {name}").ConfigureAwait(false) is { } problem) return problem;
        _namespaces.Add(name);
        return null;
    }

    private async Task<string?> SetUpAsync(int end, string rate) =>
        await RunAsync($"ip -n {_namespaces[end]} addr add {AddressOf(end)}/30 dev end{end}").ConfigureAwait(false)
            ?? await RunAsync($"ip -n {_namespaces[end]} link set end{end} up").ConfigureAwait(false)
            ?? await RunAsync($"ip -n {_namespaces[end]} link set lo up").ConfigureAwait(false)
            ?? await RunAsync($"ip netns exec {_namespaces[end]} tc qdisc add dev end{end} root tbf rate {rate} {Bucket}").ConfigureAwait(false);

    private static Task<string?> RunAsync(FormattableString command) => Tool.RunAsync(FormattableString.Invariant(command).Split(' '));
}

/// <summary>There can be no shaped link here.</summary>
internal sealed class ShapedLinkException(string why)
    : Exception($"No shaped link can be made: {why}. It takes Linux, root, and the programs ip and tc with the discipline tbf; --loopback-only measures without one.");
