using FsCheck.Xunit;
using OrleansPs.Core.Tests.Optimizers;

namespace OrleansPs.Core.Tests.Blocks;

/// <summary>P3: under BSP the result is a function of the contributions alone.</summary>
public class RoundBitsTests
{
    private const int Ranks = 3;
    private const int Rounds = 3;
    private const int Pushes = 2;

    private static readonly Optimizer[] s_optimizers =
    [
        Optimizer.Sgd(0.1), Optimizer.Sgd(0.1, momentum: 0.9, dampening: 0.1, weightDecay: 0.01),
        Optimizer.Sgd(0.1, momentum: 0.9, nesterov: true), Optimizer.Adam(0.01, weightDecay: 0.1), Optimizer.AdamW(0.01),
        Optimizer.Sum(), Optimizer.Assign(),
    ];

    [Property(MaxTest = 10)]
    public void Neither_who_comes_first_nor_the_size_of_blocks_changes_a_bit(int seed)
    {
        var random = new Random(seed);
        var gradients = Enumerable.Range(0, Rounds * Ranks * Pushes).Select(_ => Gradient(random)).ToArray();
        foreach (var optimizer in s_optimizers)
        {
            foreach (var reduction in new[] { Reduction.Mean, Reduction.Sum })
            {
                var spec = Spec(optimizer, reduction);
                var expected = Train(spec, gradients, order: null);
                AssertSame(expected, Train(spec, gradients, random));
                AssertSame(expected, Train(spec with { BlockBytes = 4096 }, gradients, random));
                AssertSame(expected, Train(spec with { BlockBytes = 4096 + 64 }, gradients, random));
            }
        }
    }

    [Fact]
    public void The_sizes_tried_do_cut_the_model_differently()
    {
        var spec = Spec(Optimizer.Sgd(), Reduction.Mean);
        Assert.Equal(1, new WholeModel(spec).Blocks);
        Assert.Equal(12, new WholeModel(spec with { BlockBytes = 4096 }).Blocks);
    }

    // In each round all pushes go to all blocks in some order; those of one rank to one block in the order of their sequence.
    private static float[][] Train(ModelSpec spec, float[]?[][] gradients, Random? order)
    {
        var model = new WholeModel(spec);
        for (var round = 0; round < Rounds; round++)
        {
            var left = new int[Ranks * model.Blocks];
            var turns = Enumerable.Range(0, left.Length).SelectMany(x => Enumerable.Repeat(x, Pushes)).ToArray();
            order?.Shuffle(turns);
            foreach (var turn in turns)
            {
                var (rank, n) = (turn % Ranks, left[turn]++);
                model.Push(turn / Ranks, rank, round, n, gradients[(((round * Ranks) + rank) * Pushes) + n]);
            }
            model.Close(round, Ranks);
        }
        return model.Values();
    }

    // Magnitudes far apart, so that another order of additions would show.
    private static float[]?[] Gradient(Random random) => [.. Spec(Optimizer.Sgd(), Reduction.Sum).Parameters.Select(p =>
        random.Next(4) == 0 ? null : Enumerable.Range(0, p.Length).Select(_ => Any.Float(random)).ToArray())];

    private static ModelSpec Spec(Optimizer optimizer, Reduction reduction) => new("bits")
    {
        Parameters = [new("a", [37], Initializer.Normal()), new("b", [9000], Initializer.Uniform(-1, 1)), new("c", [1500]), new("d", [3])],
        Optimizer = optimizer,
        Reduction = reduction,
        Schedule = LearningRateSchedule.Cosine(5),
        Workers = Ranks,
        PushesPerStep = Pushes,
    };

    private static void AssertSame(float[][] expected, float[][] actual)
    {
        for (var p = 0; p < expected.Length; p++) Bits.AssertSame(expected[p], actual[p]);
    }
}
