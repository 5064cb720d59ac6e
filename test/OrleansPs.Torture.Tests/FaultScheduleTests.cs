namespace OrleansPs.Torture.Tests;

/// <summary>The faults of a run depend on its seed alone.</summary>
public sealed class FaultScheduleTests
{
    [Fact]
    public void The_same_seed_gives_the_same_faults() =>
        Assert.Equal(FaultSchedule.Of(42, hasNetwork: true).Take(200), FaultSchedule.Of(42, hasNetwork: true).Take(200));

    [Fact]
    public void Another_seed_gives_others() =>
        Assert.NotEqual(FaultSchedule.Of(42, hasNetwork: true).Take(20), FaultSchedule.Of(43, hasNetwork: true).Take(20));

    [Fact]
    public void It_is_frozen_so_that_a_seed_means_the_same_tomorrow() => Assert.Equal(
        [FaultKind.KillSilo, FaultKind.KillWorker, FaultKind.KillSilo, FaultKind.PauseSiloLong, FaultKind.KillSilo, FaultKind.KillSilo],
        FaultSchedule.Of(42, hasNetwork: true).Take(6).Select(fault => fault.Kind));

    [Fact]
    public void Every_kind_comes_and_there_is_a_fault_about_every_five_seconds()
    {
        var faults = FaultSchedule.Of(1, hasNetwork: true).Take(2_000).ToArray();

        Assert.Equal(Enum.GetValues<FaultKind>().ToHashSet(), faults.Select(fault => fault.Kind).ToHashSet());
        Assert.InRange(faults.Average(fault => fault.Gap.TotalSeconds), 4.8, 5.2);
        Assert.All(faults.Where(fault => fault.Kind == FaultKind.KillSilo), fault => Assert.InRange(fault.Length.TotalSeconds, 0.5, 5));
        Assert.All(faults.Where(fault => fault.Kind == FaultKind.PauseSilo), fault => Assert.InRange(fault.Length.TotalSeconds, 0.1, 3));
    }

    [Fact]
    public void A_cut_of_one_way_comes_about_as_often_as_one_of_both_and_lasts_as_long()
    {
        var cuts = FaultSchedule.Of(1, hasNetwork: true).Where(fault => fault.IsCut).Take(2_000).ToArray();

        Assert.InRange(cuts.Count(fault => fault.Kind is FaultKind.CutSilos or FaultKind.CutWorker), 1_000, 1_200);
        Assert.All(cuts.GroupBy(fault => fault.Kind, fault => fault.Length.TotalSeconds), lengths =>
        {
            Assert.InRange(lengths.Min(), 0.2, 0.4);
            Assert.InRange(lengths.Max(), 5.8, 6);
        });
    }

    [Theory]
    [InlineData(FaultKind.CutSilos, true, true)]
    [InlineData(FaultKind.CutSilosOneWay, true, true)]
    [InlineData(FaultKind.CutWorker, false, false)]
    [InlineData(FaultKind.CutFromWorker, false, false)]
    [InlineData(FaultKind.CutToWorker, false, false)]
    [InlineData(FaultKind.KillWorker, false, false)]
    [InlineData(FaultKind.KillSilo, true, false)]
    internal void Only_what_happens_to_a_silo_or_between_two_may_take_one_away(FaultKind kind, bool takesSiloAway, bool cutsSilos)
    {
        var fault = new Fault(default, kind, 0, 0, default);

        Assert.Equal((takesSiloAway, cutsSilos), (fault.TakesSiloAway, fault.CutsSilos));
    }

    [Fact]
    public void Without_a_network_nothing_is_cut() =>
        Assert.DoesNotContain(FaultSchedule.Of(1, hasNetwork: false).Take(2_000), fault => fault.IsCut);
}
