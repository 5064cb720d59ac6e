using System.Globalization;

namespace OrleansPs.Torture;

/// <summary>
/// A network of its own for a run: each place is a network namespace with one address, all of them hang on one bridge, and this
/// process has an address in it too. What passes from one place to another can be cut, each way by itself.
/// </summary>
/// <remarks>
/// Everything but the near end of this process's own cable is in namespaces, whose names begin with <see cref="Prefix"/>, so that
/// they can be found and taken away whatever becomes of this process.
/// </remarks>
internal sealed class Network : IAsyncDisposable
{
    private readonly List<string> _namespaces = [];
    private readonly int _id;

    /// <summary>A network that is not made yet.</summary>
    /// <param name="id">Tells it from those of other runs.</param>
    internal Network(int id) => _id = id;

    private string Prefix => string.Create(CultureInfo.InvariantCulture, $"torture-{_id}-");

    private string Hub => $"{Prefix}hub";

    private string Cable => string.Create(CultureInfo.InvariantCulture, $"tort{_id}");

    /// <summary>Makes the network.</summary>
    /// <returns>The network, or why there is none.</returns>
    public static async Task<(Network? Network, string? Why)> TryCreateAsync(int places)
    {
        if (!OperatingSystem.IsLinux()) return (null, "this is no Linux");
        if (!Environment.IsPrivilegedProcess) return (null, "this is not root");
        var network = new Network(Environment.ProcessId);
        if (await network.MakeAsync(places).ConfigureAwait(false) is not { } problem) return (network, null);
        await network.DisposeAsync().ConfigureAwait(false);
        return (null, problem);
    }

    /// <summary>The address of a place. The range is set aside for tests of networks, and differs from run to run.</summary>
    public string Address(int place) => string.Create(CultureInfo.InvariantCulture, $"198.18.{_id % 256}.{10 + place}");

    /// <summary>What stands before a command that is to run in a place.</summary>
    public string[] In(int place) => ["ip", "netns", "exec", Name(place)];

    /// <summary>Lets nothing pass from one place to another; the other way all does.</summary>
    public Task CutAsync(int from, int to) => Tool.RunAsync(Filter("-I", from, to));

    /// <summary>Lets it pass again.</summary>
    public Task HealAsync(int from, int to) => Tool.RunAsync(Filter("-D", from, to));

    /// <summary>The command that begins a cut, or ends it. The receiver drops: who sends is told nothing, as when a packet is lost on its way.</summary>
    /// <param name="change">What becomes of the rule: <c>-I</c> or <c>-D</c>.</param>
    /// <param name="from">The place that sends.</param>
    /// <param name="to">The place that receives.</param>
    internal string[] Filter(string change, int from, int to) => [.. In(to), "iptables", "-w", change, "INPUT", "-s", Address(from), "-j", "DROP"];

    public async ValueTask DisposeAsync()
    {
        await Tool.RunAsync("ip", "link", "del", Cable).ConfigureAwait(false);
        foreach (var name in _namespaces) await Tool.RunAsync("ip", "netns", "del", name).ConfigureAwait(false);
    }

    private async Task<string?> MakeAsync(int places)
    {
        var problem = await AddNamespaceAsync(Hub).ConfigureAwait(false)
            ?? await IpAsync($"-n {Hub} link add bridge type bridge").ConfigureAwait(false)
            ?? await IpAsync($"-n {Hub} link set bridge up").ConfigureAwait(false)
            ?? await IpAsync($"link add {Cable} type veth peer name far netns {Hub}").ConfigureAwait(false)
            ?? await IpAsync($"-n {Hub} link set far master bridge up").ConfigureAwait(false)
            ?? await IpAsync($"addr add {Address(-9)}/24 dev {Cable}").ConfigureAwait(false)
            ?? await IpAsync($"link set {Cable} up").ConfigureAwait(false);
        for (var place = 0; place < places && problem is null; place++) problem = await AddPlaceAsync(place).ConfigureAwait(false);
        return problem ?? await Tool.RunAsync([.. In(0), "iptables", "-w", "-S"]).ConfigureAwait(false);
    }

    private async Task<string?> AddPlaceAsync(int place) =>
        await AddNamespaceAsync(Name(place)).ConfigureAwait(false)
            ?? await IpAsync($"link add near netns {Name(place)} type veth peer name place{place} netns {Hub}").ConfigureAwait(false)
            ?? await IpAsync($"-n {Hub} link set place{place} master bridge up").ConfigureAwait(false)
            ?? await IpAsync($"-n {Name(place)} addr add {Address(place)}/24 dev near").ConfigureAwait(false)
            ?? await IpAsync($"-n {Name(place)} link set near up").ConfigureAwait(false)
            ?? await IpAsync($"-n {Name(place)} link set lo up").ConfigureAwait(false);

    private async Task<string?> AddNamespaceAsync(string name)
    {
        if (await IpAsync($"netns add {name}").ConfigureAwait(false) is { } problem) return problem;
        _namespaces.Add(name);
        return null;
    }

    private string Name(int place) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{place}");

    private static Task<string?> IpAsync(FormattableString arguments) =>
        Tool.RunAsync(["ip", .. FormattableString.Invariant(arguments).Split(' ')]);
}
