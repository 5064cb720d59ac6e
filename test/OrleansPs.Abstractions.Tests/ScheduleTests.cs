namespace OrleansPs.Abstractions.Tests;

/// <summary>The factors of schedules against numbers computed by hand from PyTorch's closed forms.</summary>
public class ScheduleTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(long.MaxValue)]
    public void A_constant_schedule_is_one(long clock) => Assert.Equal(1, LearningRateSchedule.Constant.FactorAt(clock));

    // StepLR: gamma ** (epoch // step_size).
    [Theory]
    [InlineData(0, 1)]
    [InlineData(29, 1)]
    [InlineData(30, 0.1)]
    [InlineData(59, 0.1)]
    [InlineData(60, 0.01)]
    [InlineData(90, 0.001)]
    public void Steps_decay_at_every_multiple(long clock, double factor) =>
        Assert.Equal(factor, LearningRateSchedule.Step(30).FactorAt(clock), 1e-15);

    [Fact]
    public void Steps_take_any_gamma()
    {
        Assert.Equal(0.125, LearningRateSchedule.Step(1, 0.5).FactorAt(3));
        Assert.Equal(8, LearningRateSchedule.Step(2, 2).FactorAt(7));
        Assert.Equal(0, LearningRateSchedule.Step(1).FactorAt(long.MaxValue));
    }

    // CosineAnnealingLR: eta_min + (base - eta_min) (1 + cos(pi t / T_max)) / 2, with base 1.
    [Theory]
    [InlineData(0, 0, 1)]
    [InlineData(25, 0, 0.85355339059327376)]
    [InlineData(50, 0, 0.5)]
    [InlineData(75, 0, 0.14644660940672624)]
    [InlineData(100, 0, 0)]
    [InlineData(101, 0, 0)]
    [InlineData(long.MaxValue, 0, 0)]
    [InlineData(0, 0.2, 1)]
    [InlineData(50, 0.2, 0.6)]
    [InlineData(25, 0.2, 0.88284271247461901)]
    [InlineData(100, 0.2, 0.2)]
    [InlineData(5000, 0.2, 0.2)]
    public void A_cosine_falls_to_its_minimum_and_stays(long clock, double etaMin, double factor) =>
        Assert.Equal(factor, LearningRateSchedule.Cosine(100, etaMin).FactorAt(clock), 1e-15);

    // LinearLR: start_factor + (1 - start_factor) t / total_iters, then 1.
    [Theory]
    [InlineData(0, 0.25)]
    [InlineData(1, 0.4375)]
    [InlineData(2, 0.625)]
    [InlineData(3, 0.8125)]
    [InlineData(4, 1)]
    [InlineData(1000, 1)]
    public void A_warm_up_is_linear_and_ends_at_one(long clock, double factor) =>
        Assert.Equal(factor, LearningRateSchedule.WarmUp(4, 0.25).FactorAt(clock));

    [Fact]
    public void A_warm_up_starts_at_a_third_by_default()
    {
        Assert.Equal(1.0 / 3, LearningRateSchedule.WarmUp(5).FactorAt(0));
        Assert.Equal(new WarmUpSchedule(5, 1.0 / 3, LearningRateSchedule.Constant), LearningRateSchedule.WarmUp(5));
    }

    [Fact]
    public void What_follows_a_warm_up_begins_at_its_own_clock_zero()
    {
        var schedule = LearningRateSchedule.WarmUp(10, 0.5, LearningRateSchedule.Step(5, 0.5));
        Assert.Equal([0.5, 0.95, 1, 1, 0.5, 0.5, 0.25], new long[] { 0, 9, 10, 14, 15, 19, 20 }.Select(schedule.FactorAt));
    }

    [Fact]
    public void Warm_ups_can_follow_each_other()
    {
        var schedule = LearningRateSchedule.WarmUp(2, 0.5, LearningRateSchedule.WarmUp(2, 0.25, LearningRateSchedule.Cosine(2)));
        Assert.Equal([0.5, 0.75, 0.25, 0.625, 1, 0.5, 0, 0], Enumerable.Range(0, 8).Select(c => Math.Round(schedule.FactorAt(c), 12)));
    }

    [Fact]
    public void Schedules_with_the_same_numbers_are_equal()
    {
        Assert.Equal(LearningRateSchedule.Step(3, 0.5), LearningRateSchedule.Step(3, 0.5));
        Assert.NotEqual(LearningRateSchedule.Step(3, 0.5), LearningRateSchedule.Step(4, 0.5));
        Assert.Equal(LearningRateSchedule.WarmUp(3, then: LearningRateSchedule.Cosine(4)), LearningRateSchedule.WarmUp(3, then: LearningRateSchedule.Cosine(4)));
        Assert.Equal(0.1, Assert.IsType<StepSchedule>(LearningRateSchedule.Step(3)).Gamma);
        Assert.Equal(0, Assert.IsType<CosineSchedule>(LearningRateSchedule.Cosine(3)).EtaMin);
    }
}
