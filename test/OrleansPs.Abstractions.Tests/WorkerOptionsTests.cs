namespace OrleansPs.Abstractions.Tests;

/// <summary>Every option of a worker has a range, and a default within it.</summary>
public class WorkerOptionsTests
{
    private static readonly WorkerOptions Default = new();

    private static readonly (WorkerOptions Options, string Parameter, object Value, string Rule)[] Broken =
    [
        (Default with { MaxInFlight = 0 }, "MaxInFlight", 0, "1 to 256"),
        (Default with { MaxInFlight = 257 }, "MaxInFlight", 257, "1 to 256"),
        (Default with { Cache = (PullCache)2 }, "Cache", (PullCache)2, "Off or WithinBound"),
        (Default with { RequestTimeout = Milliseconds(9) }, "RequestTimeout", Milliseconds(9), "10 ms to 10 minutes"),
        (Default with { RequestTimeout = Milliseconds(600_001) }, "RequestTimeout", Milliseconds(600_001), "10 ms to 10 minutes"),
        (Default with { RetryFor = Milliseconds(4999) }, "RetryFor", Milliseconds(4999), "at least RequestTimeout"),
        (Default with { FirstBackoff = TimeSpan.Zero }, "FirstBackoff", TimeSpan.Zero, "1 ms to 10 s"),
        (Default with { FirstBackoff = Milliseconds(10_001), MaxBackoff = Milliseconds(20_000) }, "FirstBackoff", Milliseconds(10_001), "1 ms to 10 s"),
        (Default with { MaxBackoff = Milliseconds(9) }, "MaxBackoff", Milliseconds(9), "FirstBackoff to 1 minute"),
        (Default with { MaxBackoff = Milliseconds(60_001) }, "MaxBackoff", Milliseconds(60_001), "FirstBackoff to 1 minute"),
    ];

    private static readonly WorkerOptions[] JustRight =
    [
        Default,
        Default with { MaxInFlight = 1 }, Default with { MaxInFlight = 256 }, Default with { Cache = PullCache.WithinBound },
        Default with { RequestTimeout = Milliseconds(10), RetryFor = Milliseconds(10) },
        Default with { RequestTimeout = Milliseconds(600_000), RetryFor = Milliseconds(600_000) },
        Default with { RetryFor = TimeSpan.MaxValue },
        Default with { FirstBackoff = Milliseconds(1), MaxBackoff = Milliseconds(1) },
        Default with { FirstBackoff = Milliseconds(10_000), MaxBackoff = Milliseconds(60_000) },
    ];

    public static TheoryData<int> BrokenOptions => [.. Enumerable.Range(0, Broken.Length)];

    public static TheoryData<int> GoodOptions => [.. Enumerable.Range(0, JustRight.Length)];

    [Theory]
    [MemberData(nameof(BrokenOptions))]
    public void An_option_out_of_its_range_is_named_with_the_rule(int index)
    {
        var (options, parameter, value, rule) = Broken[index];
        var e = Assert.Throws<InvalidOptionsException>(options.Validate);
        Assert.Equal((parameter, value), (e.Parameter, e.Value));
        Assert.Contains(rule, e.Rule, StringComparison.Ordinal);
        Assert.StartsWith($"{parameter} is ", e.Message, StringComparison.Ordinal);
        Assert.EndsWith(e.Rule, e.Message, StringComparison.Ordinal);
        Assert.False(e.IsTransient);
    }

    [Theory]
    [MemberData(nameof(GoodOptions))]
    public void An_option_at_the_edge_of_its_range_is_valid(int index) => JustRight[index].Validate();

    [Fact]
    public void The_defaults_are_those_of_the_documentation()
    {
        Assert.Equal((32, PullCache.Off), (Default.MaxInFlight, Default.Cache));
        Assert.Equal((TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(2)), (Default.RequestTimeout, Default.RetryFor));
        Assert.Equal((Milliseconds(10), TimeSpan.FromSeconds(1)), (Default.FirstBackoff, Default.MaxBackoff));
    }

    private static TimeSpan Milliseconds(int count) => TimeSpan.FromMilliseconds(count);
}
