namespace OrleansPs.Ctl.Tests;

/// <summary>What breaks a rule ends the program before it connects, with one line and status 2.</summary>
public sealed class OptionRulesTests
{
    [Theory]
    [InlineData("silos --connect-timeout 0", "--connect-timeout is '0': it must be a whole number from 1 to 3600.")]
    [InlineData("silos --gateway 127.0.0.1", "--gateway is '127.0.0.1': it must be a name or an IP address, a colon and a port from 1 to 65535.")]
    [InlineData("silos --gateway a:1 --gateway b:0", "--gateway is 'b:0': it must be a name or an IP address, a colon and a port from 1 to 65535.")]
    [InlineData("silos --gateway a:1 --directory d", "--directory does not go with --gateway.")]
    [InlineData("--directory d silos --gateway a:1", "--directory does not go with --gateway.")]
    [InlineData("workers m --watch --json", "--watch does not go with --json.")]
    [InlineData("snapshots restore m --cut x", "--cut is 'x': it must be a whole number >= 1.")]
    [InlineData("snapshots restore m --workers 4097", "--workers is '4097': it must be a whole number from 1 to 4096.")]
    [InlineData("drain s --timeout 0", "--timeout is '0': it must be a whole number from 1 to 86400.")]
    [InlineData("policy m --consistency bulk", "--consistency is 'bulk': it must be bsp, asp, or ssp:N with N from 0 to 1000000.")]
    [InlineData("policy m --consistency ssp:-1", "--consistency is 'ssp:-1': it must be bsp, asp, or ssp:N with N from 0 to 1000000.")]
    [InlineData("policy m --backup -1", "--backup is '-1': it must be a whole number from 0 to 4095.")]
    [InlineData("policy m --lr-scale nan", "--lr-scale is 'nan': it must be a finite number >= 0.")]
    [InlineData("evict m one", "RANK is 'one': it must be a whole number from 0 to 2147483647.")]
    [InlineData("snapshots export m", "Option '--to' is required.")]
    [InlineData("models create", "Option '--spec' is required.")]
    [InlineData("models", "Required command was not provided.")]
    public async Task A_bad_option_is_refused(string arguments, string message)
    {
        await using var bench = await Bench.StartAsync();
        (await bench.RunAsync(arguments.Split(' '))).AssertFailed(2, message);
    }
}
