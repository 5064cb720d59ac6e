namespace OrleansPs.Ctl.Tests;

public sealed class DisplayTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1.0 KiB")]
    [InlineData((1 << 20) - 1, "1.0 MiB")]
    [InlineData(1 << 20, "1.0 MiB")]
    [InlineData(5L << 30, "5.0 GiB")]
    [InlineData(long.MaxValue, "8388608.0 TiB")]
    public void Sizes_are_short(long bytes, string text) => Assert.Equal(text, Texts.Bytes(bytes));

    [Fact]
    public void Statuses_are_words() => Assert.Equal(
        ["expected", "live", "out of data", "left", "evicted"], Enum.GetValues<WorkerStatus>().Select(Texts.Status));

    [Fact]
    public async Task Progress_is_silent_where_there_is_no_terminal()
    {
        using var error = new StringWriter();
        var result = await new ProgressDisplay(error, isTerminal: false).RunAsync("title", progress =>
        {
            progress.Report(new(1, 2));
            return Task.FromResult(5);
        });
        Assert.Equal((5, ""), (result, error.ToString()));
    }

    [Fact]
    public async Task Progress_shows_its_title_on_a_terminal()
    {
        using var error = new StringWriter();
        await new ProgressDisplay(error, isTerminal: true).RunAsync("copy [all]", progress =>
        {
            progress.Report(new(1, 2));
            return Task.FromResult(5);
        });
        Assert.Contains("copy [all]", error.ToString(), StringComparison.Ordinal);
    }
}
