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
    public void Without_a_network_nothing_is_cut() =>
        Assert.DoesNotContain(FaultSchedule.Of(1, hasNetwork: false).Take(2_000), fault => fault.IsCut);
}
