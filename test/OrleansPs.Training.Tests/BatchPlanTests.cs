namespace OrleansPs.Training.Tests;

public class BatchPlanTests
{
    private static readonly TrainerOptions s_options = new() { Epochs = 2, BatchSize = 3, Shards = 4, Seed = 5 };

    [Fact]
    public void The_shards_of_an_epoch_share_no_example_and_leave_less_than_a_global_batch()
    {
        var plan = new BatchPlan(100, s_options);
        var seen = AllSteps(plan, shards: 4).Take(4 * 8).SelectMany(b => b).ToArray();

        Assert.Equal(8, plan.StepsPerEpoch);
        Assert.Equal(96, seen.Distinct().Count());
        Assert.All(seen, e => Assert.InRange(e, 0, 99));
    }

    [Fact]
    public void N_shards_see_together_what_one_sees_with_the_n_fold_batch()
    {
        var four = AllSteps(new(100, s_options), shards: 4).SelectMany(b => b);
        var one = AllSteps(new(100, s_options with { Shards = 1, BatchSize = 12 }), shards: 1).SelectMany(b => b);
        Assert.Equal(one, four);
    }

    [Fact]
    public void A_plan_asked_from_the_middle_answers_as_one_asked_from_the_start()
    {
        var whole = AllSteps(new(100, s_options), shards: 4);
        var resumed = new BatchPlan(100, s_options).BatchOf(2, new(11, 11, 11)).ToArray();
        Assert.Equal(whole[11 * 4 + 2], resumed);
    }

    [Fact]
    public void A_rank_goes_on_with_what_it_inherited_after_its_own_steps()
    {
        var plan = new BatchPlan(100, s_options);
        var position = new WorkerPosition(0, 0, 16) { Inherited = [new(2, 16, 16), new(3, 14, 14)] };
        var whole = AllSteps(new(100, s_options), shards: 4);

        Assert.Equal(18, plan.StepsOf(position));
        Assert.Equal(whole[14 * 4 + 3], plan.BatchOf(1, position).ToArray());
        Assert.Equal(whole[15 * 4 + 3], plan.BatchOf(1, position with { Cursor = 17 }).ToArray());
        Assert.Equal(1, plan.EpochOf(1, position));
        Assert.Throws<ArgumentOutOfRangeException>(() => plan.BatchOf(1, position with { Cursor = 18 }).Length);
    }

    [Fact]
    public void Too_little_data_and_bad_options_are_refused_by_name()
    {
        Assert.Equal("BatchSize", Assert.Throws<InvalidOptionsException>(() => new BatchPlan(11, s_options)).Parameter);
        AssertRefused("Epochs", s_options with { Epochs = 0 });
        AssertRefused("BatchSize", s_options with { BatchSize = 0 });
        AssertRefused("Shards", s_options with { Shards = 0 });
    }

    private static void AssertRefused(string option, TrainerOptions options) =>
        Assert.Equal(option, Assert.Throws<InvalidOptionsException>(() => new BatchPlan(100, options)).Parameter);

    private static List<int[]> AllSteps(BatchPlan plan, int shards)
    {
        var batches = new List<int[]>();
        for (var cursor = 0; cursor < plan.StepsPerShard; cursor++)
            for (var rank = 0; rank < shards; rank++)
                batches.Add(plan.BatchOf(rank, new(cursor, cursor, cursor)).ToArray());
        return batches;
    }
}
