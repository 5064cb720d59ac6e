using OrleansPs.Core.Consistency;

namespace OrleansPs.Core.Tests.Consistency;

public class RankTableTests
{
    private static readonly WorkerStatus[] s_statuses = Enum.GetValues<WorkerStatus>();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void What_it_keeps_is_what_a_look_at_all_ranks_says(int seed)
    {
        var (random, table) = (new Random(seed), new RankTable());
        for (var i = 0; i < 2_000; i++)
        {
            if (random.Next(10) == 0) table.Round = random.Next(4);
            var rank = random.Next(12);
            table[rank] = new()
            {
                Record = new(rank, 0, s_statuses[random.Next(s_statuses.Length)], 0, random.Next(-1, 6), 0), ContributedRound = random.Next(-1, 4),
            };

            var all = table.All.Values.ToArray();
            Assert.Equal(all.Where(r => r.Participates).Min(r => (long?)r.Record.Clock), table.SlowestClock);
            Assert.Equal(all.Count(r => r.ContributedRound == table.Round), table.Contributed);
            Assert.Equal(all.Count(r => r.Participates && r.ContributedRound != table.Round), table.Missing);
        }
    }

    [Fact]
    public void Nobody_s_clock_is_the_slowest_where_nobody_participates() => Assert.Null(new RankTable().SlowestClock);
}
