namespace OrleansPs.Torture.Tests;

/// <summary>How long faults waited, and how long blocks were silent.</summary>
public sealed class MeasureTests
{
    [Fact]
    public void The_withheld_share_is_the_time_that_faults_waited()
    {
        var withheld = new Withholding();
        withheld.End(S(1));
        Assert.Equal(0, withheld.Share(S(10)));
        withheld.Begin(S(10));
        withheld.Begin(S(12));
        Assert.Equal(0.5, withheld.Share(S(20)));
        withheld.End(S(20));
        withheld.Begin(S(30));
        withheld.End(S(31));
        Assert.Equal(0.11, withheld.Share(S(100)), 6);
        Assert.Equal(0, new Withholding().Share(S(0)));
    }

    [Theory]
    [InlineData(10, 1.9)] // From the kill to the next acknowledgement, not from the one before.
    [InlineData(11.95, 3)] // One that was on its way does not end it;
    [InlineData(5, 4)] // a silence that begins much later has another cause.
    [InlineData(16, 4)] // Without an end it lasts to the end.
    public void A_silence_begins_with_the_kill_or_just_after_it(double kill, double silence)
    {
        TimeSpan[] acknowledgements = [S(1), S(2), S(9), S(9.5), S(11.9), S(12), S(15)];

        Assert.Equal(silence, Availability.Silence(acknowledgements, S(kill), S(20)).TotalSeconds, 6);
    }

    [Fact]
    public void The_median_is_the_one_in_the_middle_or_between_the_two()
    {
        Assert.Null(Availability.Median([]));
        Assert.Equal(S(2), Availability.Median([S(9), S(1), S(2)]));
        Assert.Equal(S(3), Availability.Median([S(9), S(1), S(2), S(4)]));
    }

    private static TimeSpan S(double seconds) => TimeSpan.FromSeconds(seconds);
}
