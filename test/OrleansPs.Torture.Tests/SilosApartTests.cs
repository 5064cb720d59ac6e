namespace OrleansPs.Torture.Tests;

/// <summary>Which silos faults may meet while two of three are cut apart.</summary>
public sealed class SilosApartTests
{
    [Fact]
    public void The_third_that_hears_both_is_left_alone_until_their_connections_have_come_round()
    {
        var apart = new SilosApart();
        Assert.Equal([0, 1, 2], Choose(apart, FaultKind.KillSilo, 0));

        apart.Begin(2, 0, S(10), S(4));

        Assert.Equal([0, 2], Choose(apart, FaultKind.KillSilo, 10));
        Assert.Equal([0, 2], Choose(apart, FaultKind.PauseSilo, 17.9));
        Assert.Equal([0, 1, 2], Choose(apart, FaultKind.KillSilo, 18));
    }

    [Theory]
    [InlineData(FaultKind.CutSilos)]
    [InlineData(FaultKind.CutSilosOneWay)]
    internal void There_is_no_second_cut_between_silos_meanwhile(FaultKind kind)
    {
        var apart = new SilosApart();
        apart.Begin(2, 0, S(10), S(4));

        Assert.Empty(Choose(apart, kind, 12));
        Assert.Equal([0, 1, 2], Choose(apart, kind, 18));
    }

    [Theory]
    [InlineData(FaultKind.CutWorker)]
    [InlineData(FaultKind.CutFromWorker)]
    [InlineData(FaultKind.CutToWorker)]
    internal void Workers_may_be_cut_off_from_any(FaultKind kind)
    {
        var apart = new SilosApart();
        apart.Begin(2, 0, S(10), S(4));

        Assert.Equal([0, 1, 2], Choose(apart, kind, 12));
    }

    private static int[] Choose(SilosApart apart, FaultKind kind, double now) => apart.Choose([0, 1, 2], new Fault(default, kind, 0, 0, default), S(now));

    private static TimeSpan S(double seconds) => TimeSpan.FromSeconds(seconds);
}
