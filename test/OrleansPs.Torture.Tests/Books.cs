using OrleansPs.Core.Messages;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Torture.Tests;

/// <summary>Parameters that hold chosen steps of two ranks, as a block would add them up.</summary>
internal static class Books
{
    public const int Workers = 2;
    private const int Length = 1024;

    /// <summary>A parameter after the pushes of some steps of rank 0 and of some of rank 1.</summary>
    public static float[] Parameter(IEnumerable<long> first, IEnumerable<long> second)
    {
        var sum = new float[Length];
        foreach (var (rank, step) in first.Select(step => (0, step)).Concat(second.Select(step => (1, step))))
        {
            var gradient = LedgerModel.Gradient(Length, Workers, rank);
            LedgerModel.Mark(gradient, Workers, rank, step);
            for (var i = 0; i < Length; i++) sum[i] += gradient[i];
        }
        return sum;
    }

    public static Reading Read(IEnumerable<long> first, IEnumerable<long> second) => Reading.Of(Parameter(first, second), Workers);

    /// <summary>Steps 0 to <paramref name="count"/> - 1.</summary>
    public static IEnumerable<long> Steps(int count) => Enumerable.Range(0, count).Select(step => (long)step);

    /// <summary>A manifest of one block with the finished steps of both ranks.</summary>
    public static SnapshotManifest Manifest(long first, long second, params OpenPushes[] open) => new()
    {
        Model = "m",
        Cut = 1,
        Generation = 1,
        Round = 0,
        TakenAt = default,
        Spec = LedgerModel.Spec("m", ConsistencyPolicy.Asynchronous, DurabilityPolicy.Snapshot(), Workers, 1),
        Ranks = [new RankRecord(0, 1, WorkerStatus.Live, first, first, first), new RankRecord(1, 1, WorkerStatus.Live, second, second, second)],
        Chunks = [],
        Open = open,
    };
}
