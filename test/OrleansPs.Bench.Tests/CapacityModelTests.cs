namespace OrleansPs.Bench.Tests;

public class CapacityModelTests
{
    // A mebibyte costs 100 us to push, 80 to pull, 20 to put into a round; a message 10, a block in one that is shared 1, a clock 7; half of it on the silo.
    private static readonly CapacityConstants s_constants = new()
    {
        Message = 10, Clock = 7, Block = 1, PushMebibyte = 100, PullMebibyte = 80, RoundMebibyte = 20, RowPush = 2, RowPull = 1, RowFloat = 0.5, SiloShare = 0.5,
        ClockShare = 0.5, RowRoom = 1,
    };

    private static readonly CapacityInput s_input = new() { Parameters = 4 << 18, Workers = 10, Silos = 2, StepSeconds = 1 };

    [Fact]
    public void A_step_is_a_push_a_pull_and_a_clock()
    {
        var plan = Plan(s_input);

        Assert.Equal((4 << 20, 4 << 20), (plan.PushBytes, plan.PullBytes));
        Assert.Equal(4 + 4 + 1, plan.Messages);
        Assert.Equal(((4 * 100) + (4 * 80) + (8 * 10) + 7) / 2.0, plan.SiloSeconds * 1e6, 6);
        Assert.Equal(plan.SiloSeconds, plan.WorkerSeconds, 12);
        Assert.Equal(plan.StepsPerSecond * 4 * (1 << 20) / 2, plan.SiloReceives, 3);
    }

    [Fact]
    public void Small_blocks_of_a_silo_share_messages_of_384_KiB_and_32_of_them() =>
        Assert.Equal([2, 12, 64, 8], new[] { 32, 256, 64, 256 }.Zip([1 << 14, 1 << 14, 1 << 20, 1 << 10], (blocks, bytes) => CapacityConstants.Messages(blocks, bytes, 2)));

    [Fact]
    public void Rounds_hold_what_every_worker_pushed()
    {
        var rounds = Plan(s_input with { Consistency = ConsistencyPolicy.BulkSynchronous });

        Assert.Equal(Plan(s_input).SiloMemory + (10 * (4 << 20) / 2), rounds.SiloMemory);
        Assert.Equal(Plan(s_input).SiloSeconds + (4 * 20 * 1e-6), rounds.SiloSeconds, 12);
    }

    [Fact]
    public void A_copy_within_the_bound_is_read_s_more_steps() =>
        Assert.Equal((4 << 20) / 4.0, Plan(s_input with { Consistency = ConsistencyPolicy.StaleSynchronous(3), IsCached = true }).PullBytes);

    [Fact]
    public void Encodings_shorten_pushes_alone()
    {
        var plan = Plan(s_input with { Encoding = EncodingCost.All.Single(e => e.Name == "bf16") });

        Assert.Equal((2 << 20, 4 << 20), (plan.PushBytes, plan.PullBytes));
    }

    [Fact]
    public void A_standby_doubles_memory_and_is_sent_every_push()
    {
        var (alone, both) = (Plan(s_input), Plan(s_input with { IsReplicated = true }));

        Assert.Equal(2 * alone.SiloMemory, both.SiloMemory);
        Assert.Equal(2 * alone.SiloReceives, both.SiloReceives, 3);
        Assert.Equal(alone.SiloSeconds + (((4 * 100) + (4 * 10)) * 1e-6), both.SiloSeconds, 12);
    }

    [Fact]
    public void A_snapshot_holds_state_once_more_and_writes_it_in_its_time()
    {
        var plan = Plan(s_input with { StateFloats = 2, SnapshotSeconds = 60 });

        Assert.Equal(2 * 3 * (4 << 20) / 2, plan.SiloMemory);
        Assert.Equal(3 * (4 << 20) / 60.0, plan.SnapshotBytes);
    }

    [Fact]
    public void Rows_cost_by_batch_and_take_memory_by_table()
    {
        var plan = Plan(s_input with { Parameters = 0, Rows = 1_000, Width = 4, BatchRows = 10 });

        Assert.Equal(10 * (8 + 16), plan.PushBytes);
        Assert.Equal(1_000 * (8 + 16) / 2, plan.SiloMemory);
        Assert.Equal(((10 * (2 + 1 + 2 * 4 * 0.5)) + (4 * 10) + 7) / 2, plan.SiloSeconds * 1e6, 6);
    }

    [Fact]
    public void The_coordinator_is_asked_once_a_step() => Assert.Equal(Plan(s_input).StepsPerSecond * 3.5e-6, Plan(s_input).CoordinatorCores, 12);

    private static CapacityPlan Plan(CapacityInput input) => CapacityModel.Plan(input, s_constants);
}
