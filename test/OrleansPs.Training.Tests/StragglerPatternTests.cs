namespace OrleansPs.Training.Tests;

public class StragglerPatternTests
{
    private static readonly TimeSpan s_step = TimeSpan.FromMilliseconds(10);

    [Fact]
    public void Passing_stragglers_are_as_frequent_as_they_should_be_and_spread_over_ranks()
    {
        var pattern = StragglerPattern.Passing(s_step, probability: 0.1, factor: 5, seed: 1);
        for (var rank = 0; rank < 4; rank++)
        {
            var slow = Enumerable.Range(0, 10_000).Count(step => pattern.TimeOf(rank, step) == 5 * s_step);
            Assert.InRange(slow, 900, 1100);
        }
    }

    [Fact]
    public void The_same_seed_gives_the_same_stragglers()
    {
        Assert.Equal(Times(1), Times(1));
        Assert.NotEqual(Times(1), Times(2));

        static IEnumerable<TimeSpan> Times(ulong seed)
        {
            var pattern = StragglerPattern.Passing(s_step, 0.3, 5, seed);
            return Enumerable.Range(0, 100).Select(step => pattern.TimeOf(2, step)).ToArray();
        }
    }

    [Fact]
    public void A_lasting_straggler_is_one_rank_all_the_time()
    {
        var pattern = StragglerPattern.Lasting(s_step, rank: 1, factor: 3);
        Assert.All(Enumerable.Range(0, 100), step => Assert.Equal(3 * s_step, pattern.TimeOf(1, step)));
        Assert.All(Enumerable.Range(0, 100), step => Assert.Equal(s_step, pattern.TimeOf(0, step)));
        Assert.Equal(s_step, StragglerPattern.None(s_step).TimeOf(1, 0));
    }

    [Fact]
    public void Bad_values_are_refused_by_name()
    {
        AssertRefused("StepTime", () => StragglerPattern.None(TimeSpan.Zero));
        AssertRefused("Factor", () => StragglerPattern.Lasting(s_step, 0, 0.5));
        AssertRefused("Probability", () => StragglerPattern.Passing(s_step, double.NaN, 2, 0));
    }

    private static void AssertRefused(string name, Func<object> make) =>
        Assert.Equal(name, Assert.Throws<InvalidOptionsException>(make).Parameter);
}
