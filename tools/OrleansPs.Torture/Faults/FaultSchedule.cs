namespace OrleansPs.Torture;

/// <summary>The faults of a run, one after the other without end: a pure function of the seed and of whether there is a network to cut.</summary>
internal static class FaultSchedule
{
    private static readonly (FaultKind Kind, int Weight, double Least, double Most)[] s_kinds =
    [
        (FaultKind.KillSilo, 30, 0.5, 5),
        (FaultKind.PauseSilo, 15, 0.1, 3),
        (FaultKind.PauseSiloLong, 8, 8, 14),
        (FaultKind.EndSilo, 12, 0.5, 5),
        (FaultKind.KillWorker, 17, 0.5, 5),
        (FaultKind.CutSilos, 5, 0.2, 6),
        (FaultKind.CutSilosOneWay, 4, 0.2, 6),
        (FaultKind.CutWorker, 5, 0.2, 6),
        (FaultKind.CutFromWorker, 2, 0.2, 6),
        (FaultKind.CutToWorker, 2, 0.2, 6),
    ];

    /// <summary>The schedule of a seed: a fault every 3 to 7 seconds.</summary>
    public static IEnumerable<Fault> Of(int seed, bool hasNetwork)
    {
        var kinds = s_kinds.Where(k => hasNetwork || !Fault.NeedsNetwork(k.Kind)).ToArray();
        var random = new Random(seed);
        while (true)
        {
            var gap = Seconds(random, 3, 7);
            var (kind, _, least, most) = Draw(random, kinds);
            yield return new(gap, kind, random.Next(), random.Next(), Seconds(random, least, most));
        }
    }

    private static (FaultKind Kind, int Weight, double Least, double Most) Draw(
        Random random, (FaultKind Kind, int Weight, double Least, double Most)[] kinds)
    {
        var drawn = random.Next(kinds.Sum(k => k.Weight));
        return kinds.First(k => (drawn -= k.Weight) < 0);
    }

    private static TimeSpan Seconds(Random random, double least, double most) =>
        TimeSpan.FromSeconds(least + (random.NextDouble() * (most - least)));
}
