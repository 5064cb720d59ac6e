using OrleansPs.Core.Snapshots;

namespace OrleansPs.Torture.Tests;

/// <summary>The check finds every push that is missing and every one that came twice.</summary>
public sealed class LedgerCheckTests
{
    private static readonly long[] Three = [0, 1, 2];

    [Fact]
    public void What_holds_each_step_once_is_exact()
    {
        var check = Check(Books.Read(Books.Steps(250), Books.Steps(3)), 250, 3);

        Assert.True(check.IsExact);
        Assert.Equal((0, 0), (check.Lost, check.Twice));
    }

    [Fact]
    public void A_lost_push_is_found()
    {
        var check = Check(Books.Read([0, 2], Three), 3, 3);

        Assert.Equal((1, 0), (check.Lost, check.Twice));
        Assert.Equal(["p0 has 2 pushes of rank 0 instead of 3"], check.Problems);
    }

    [Fact]
    public void A_push_that_came_twice_is_found()
    {
        var check = Check(Books.Read(Three, [0, 1, 1, 2]), 3, 3);

        Assert.Equal((0, 1), (check.Lost, check.Twice));
        Assert.Equal(["p0 has 4 pushes of rank 1 instead of 3"], check.Problems);
    }

    [Fact]
    public void A_lost_push_does_not_hide_behind_one_that_came_twice()
    {
        var check = Check(Books.Read([0, 1, 1], Three), 3, 3);

        Assert.Equal((1, 1), (check.Lost, check.Twice));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(10, 0.5f)]
    [InlineData(500, float.NaN)]
    [InlineData(960, 7)]
    [InlineData(1023, -1)]
    public void A_number_that_no_sum_of_whole_pushes_has_is_found(int index, float by)
    {
        var values = Books.Parameter(Three, Three);
        values[index] += by;

        Assert.NotNull(Reading.Of(values, Books.Workers).Torn);
    }

    [Fact]
    public void A_snapshot_holds_finished_steps_and_the_half_steps_that_its_manifest_names()
    {
        var reading = Books.Read(Three, [0, 1]);

        Assert.Empty(SnapshotCheck.Compare(Books.Manifest(3, 2), [reading]));
        Assert.Empty(SnapshotCheck.Compare(Books.Manifest(3, 1, new OpenPushes(0, 1, 1, [0])), [reading]));
        Assert.Single(SnapshotCheck.Compare(Books.Manifest(3, 1), [reading]));
        Assert.Single(SnapshotCheck.Compare(Books.Manifest(3, 2, new OpenPushes(0, 1, 2, [0])), [reading]));
        Assert.NotEmpty(SnapshotCheck.Compare(Books.Manifest(3, 1, new OpenPushes(0, 1, 0, [0])), [reading]));
    }

    private static LedgerCheck Check(Reading reading, long first, long second) => LedgerCheck.Of([reading], (_, rank) => rank == 0 ? first : second);
}
