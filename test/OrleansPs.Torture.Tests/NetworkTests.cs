using System.Diagnostics;
using System.Globalization;

namespace OrleansPs.Torture.Tests;

/// <summary>What passes between the places of a network, and what does not while it is cut.</summary>
public sealed class NetworkTests
{
    [Fact]
    public void Who_receives_drops_what_the_other_sends()
    {
        var network = new Network(260);

        Assert.Equal("ip netns exec torture-260-2 iptables -w -I INPUT -s 198.18.4.11 -j DROP", string.Join(' ', network.Filter("-I", from: 1, to: 2)));
        Assert.Equal("ip netns exec torture-260-1 iptables -w -D INPUT -s 198.18.4.12 -j DROP", string.Join(' ', network.Filter("-D", from: 2, to: 1)));
    }

    [NetworkFact]
    public async Task A_cut_lets_packets_pass_one_way_only_until_it_is_healed()
    {
        var (network, why) = await Network.TryCreateAsync(2);
        Assert.True(network is not null, why);
        await using var _ = network;
        Assert.Equal((true, true), await PassAsync(network));

        await network.CutAsync(0, 1);
        Assert.Equal((false, true), await PassAsync(network));

        await network.CutAsync(1, 0);
        Assert.Equal((false, false), await PassAsync(network));

        await network.HealAsync(0, 1);
        Assert.Equal((true, false), await PassAsync(network));

        await network.HealAsync(1, 0);
        Assert.Equal((true, true), await PassAsync(network));
    }

    [NetworkFact]
    public async Task Of_two_cuts_of_the_same_way_the_one_that_lasts_longer_ends_it()
    {
        var (network, why) = await Network.TryCreateAsync(2);
        Assert.True(network is not null, why);
        await using var _ = network;

        await network.CutAsync(0, 1);
        await network.CutAsync(0, 1);
        await network.HealAsync(0, 1);
        Assert.Equal((false, true), await PassAsync(network));

        await network.HealAsync(0, 1);
        Assert.Equal((true, true), await PassAsync(network));
    }

    private static async Task<(bool There, bool Back)> PassAsync(Network network) =>
        (await PassesAsync(network, 0, 1), await PassesAsync(network, 1, 0));

    // The kernel counts datagrams to a port at which nobody listens, but only those that were not dropped.
    private static async Task<bool> PassesAsync(Network network, int from, int to)
    {
        var before = await UnheardAsync(network, to);
        await RunAsync([.. network.In(from), "bash", "-c", $"echo >/dev/udp/{network.Address(to)}/9"]);
        for (var look = 0; look < 10; look++)
        {
            if (await UnheardAsync(network, to) > before) return true;
            await Task.Delay(20);
        }
        return false;
    }

    private static async Task<long> UnheardAsync(Network network, int place)
    {
        var lines = await RunAsync([.. network.In(place), "grep", "^Udp:", "/proc/net/snmp"]);
        var rows = lines.Split('\n').Select(line => line.Split(' ')).ToArray();
        return long.Parse(rows[1][Array.IndexOf(rows[0], "NoPorts")], CultureInfo.InvariantCulture);
    }

    private static async Task<string> RunAsync(string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        return output;
    }

    private sealed class NetworkFactAttribute : FactAttribute
    {
        private static readonly Lazy<string?> s_why = new(() => Task.Run(WhyNoneAsync).GetAwaiter().GetResult());

        public NetworkFactAttribute() => Skip = s_why.Value is { } why ? $"There can be no network: {why}." : null;

        private static async Task<string?> WhyNoneAsync()
        {
            var (network, why) = await Network.TryCreateAsync(1);
            if (network is not null) await network.DisposeAsync();
            return why;
        }
    }
}
