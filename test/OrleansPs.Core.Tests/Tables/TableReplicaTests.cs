using OrleansPs.Core.Blocks;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;

namespace OrleansPs.Core.Tests.Tables;

/// <summary>A shard of a table holds what the documentation says, live and at each cut, on every replica.</summary>
public class TableReplicaTests
{
    public static TheoryData<int> Specs => [.. Enumerable.Range(0, TableSpecs.Count)];

    [Theory]
    [MemberData(nameof(Specs))]
    public void Live_rows_and_cuts_are_those_of_a_naive_table(int index)
    {
        var (cuts, late) = (0, 0);
        for (var seed = 0; seed < 25; seed++)
        {
            var story = new OpenCutStory(TableSpecs.Of(index, ConsistencyPolicy.Asynchronous), seed);
            Told(seed, () => story.Run(150));
            (cuts, late) = (cuts + story.CutsTaken, late + story.LatePushes);
        }
        Assert.True(cuts > 60 && late > 100, $"{cuts} cuts were taken, and {late} pushes came late.");
    }

    [Theory]
    [MemberData(nameof(Specs))]
    public void Rounds_of_rows_are_those_of_a_naive_table(int index)
    {
        for (var seed = 0; seed < 15; seed++)
            Told(seed, new RoundStory(TableSpecs.Of(index, ConsistencyPolicy.BulkSynchronous), seed).Run);
    }

    /// <summary>Of eight shards each has its own keys, and the clock of rounds.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(4)]
    [InlineData(7)]
    [InlineData(8)]
    public void How_many_shards_there_are_changes_no_row(int index)
    {
        var spec = TableSpecs.Of(index, ConsistencyPolicy.BulkSynchronous);
        var (one, eight) = (new ShardedTable(spec, 1), new ShardedTable(spec, 8));
        var pushes = new RandomRows(index, spec.Tables[0].Width, Keys.OfShard(new(index), 200, 0, 1));
        for (var round = 0L; round < 30; round++)
        {
            for (var push = 0; push < 6; push++)
            {
                var rows = pushes.Of(push / 2, round, push % 2);
                foreach (var table in new[] { one, eight }) table.Push(push / 2, round, push % 2, rows);
            }
            foreach (var table in new[] { one, eight }) table.Close(round);
            Assert.Equal(one.Read(pushes.All), eight.Read(pushes.All));
        }
    }

    private static void Told(int seed, Action run)
    {
        try
        {
            run();
        }
        catch (Exception e)
        {
            throw new Xunit.Sdk.XunitException($"Seed {seed}: {e}");
        }
    }
}
