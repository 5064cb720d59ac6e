namespace OrleansPs.Architecture;

/// <summary>The public API keeps to the project's words.</summary>
public sealed class WordsTests
{
    [Fact]
    public void A_training_job_sees_one_name_per_thing() => Assert.Empty(Words.Check(typeof(ModelSpec).Assembly.GetExportedTypes()));

    [Theory]
    [InlineData("LearningRate")]
    [InlineData("learningRate")]
    [InlineData("TakeCheckpointAsync")]
    [InlineData("ShardCount")]
    [InlineData("partition")]
    [InlineData("serverId")]
    [InlineData("MaxIterations")]
    [InlineData("MaxLag")]
    [InlineData("LeaderRank")]
    [InlineData("BackupSilo")]
    [InlineData("WaitAtBarrier")]
    public void Another_word_is_found(string name) => Assert.Single(Words.Check("Some.Type", name));

    [Theory]
    [InlineData("Lr")]
    [InlineData("LearningRateSchedule")]
    [InlineData("Snapshot")]
    [InlineData("BlockBytes")]
    [InlineData("BackupWorkers")]
    [InlineData("Sharded")]
    [InlineData("Flag")]
    public void The_right_word_is_fine(string name) => Assert.Empty(Words.Check("Some.Type", name));

    [Fact]
    public void Of_shards_a_table_alone_speaks()
    {
        Assert.Empty(Words.Check([typeof(EmbeddingTable), typeof(TableFullException)]));
        Assert.Single(Words.Check(typeof(ModelSpec).FullName!, nameof(EmbeddingTable.Shards)));
    }

    [Fact]
    public void Types_members_and_parameters_are_all_looked_at() => Assert.Equal(3, Words.Check([typeof(PartitionSample)]).Count());

    internal sealed record PartitionSample
    {
        public int Checkpoint { get; init; }

        public static int Sum(int ticks) => ticks;
    }
}
