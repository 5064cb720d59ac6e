using OrleansPs.Core.Messages;
using OrleansPs.Core.Tests.Blocks;

namespace OrleansPs.Core.Tests.Tables;

/// <summary>Gradients for rows of a few keys, as a worker computes them: the same push is the same rows each time it is asked for.</summary>
internal sealed class RandomRows(int seed, int width, long[] keys)
{
    public long[] All => keys;

    public (long[] Keys, float[][] Rows) Of(int rank, long step, int sequence)
    {
        var random = new Random((seed * 1_000_003) + (rank * 7919) + ((int)step * 64) + sequence);
        var most = random.Next(8) == 0 ? keys.Length : random.Next(1, 12);
        long[] chosen = [.. Enumerable.Range(0, most).Select(_ => keys[random.Next(keys.Length)]).Distinct().Order()];
        return (chosen, [.. chosen.Select(_ => Enumerable.Range(0, width).Select(_ => Any.Float(random)).ToArray())]);
    }

    public static SegmentSlice[] Slices((long[] Keys, float[][] Rows) push) =>
        [new(0, push.Rows.SelectMany(r => r).ToArray()) { Keys = push.Keys }];
}
