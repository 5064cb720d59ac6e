using FsCheck.Xunit;
using OrleansPs.Core.Tests.Optimizers;

namespace OrleansPs.Core.Tests.Blocks;

/// <summary>
/// What data-parallel training promises: n workers under BSP do the steps of one worker with the n-fold batch. With gradients
/// whose sums are exact in floats, bit for bit; with any, within rounding.
/// </summary>
public class DataParallelTests
{
    private const int Length = 200;
    private const int Steps = 6;
    private const double U = 1.0 / (1 << 24);

    private static readonly Optimizer[] s_optimizers =
    [
        Optimizer.Sgd(0.1), Optimizer.Sgd(0.1, momentum: 0.9), Optimizer.Adam(0.01), Optimizer.AdamW(0.01),
    ];

    [Property(MaxTest = 10)]
    public void With_exactly_summable_gradients_n_workers_are_one_worker_bit_for_bit(int seed)
    {
        foreach (var workers in new[] { 2, 3, 5, 8 })
        {
            var gradients = Gradients(seed, workers, random => random.Next(-4000, 4001) / 1024f);
            foreach (var reduction in new[] { Reduction.Mean, Reduction.Sum })
            {
                // A loss that is a mean over the batch has the mean of the parts' gradients; one that is a sum, their sum.
                var whole = gradients.Select(step => Merge(step, reduction == Reduction.Mean ? workers : 1)).ToArray();
                foreach (var optimizer in s_optimizers)
                    Bits.AssertSame(Train(optimizer, reduction, whole), Train(optimizer, reduction, gradients));
            }
        }
    }

    /// <summary>
    /// The bound. Let u = 2^-24, g_i the workers' gradients, g their exact mean, m the mean of the |g_i|, all of one step and element.
    /// Summing n floats in any order errs by at most (n - 1) u sum|g_i| and the division by one more u, to first order, so n workers
    /// apply a gradient within n u m of g; one worker applies g rounded, within u m of it: they differ by at most (n + 1) u m.
    /// </summary>
    /// <remarks>
    /// A step of momentum, b = mu b + g and w = w - lr b, carries differences on linearly: that of b_t is at most sum over s of
    /// mu^(t-s) times those of step s, and that of w_t at most lr times the sum of those of b. In each of the two runs a step rounds
    /// mu b, the sum, lr b and the new w once each, by at most u (|mu b| + |b| + lr|b| / lr) in b's units and u |w| in w's. With B and
    /// W bounds on |b| and |w|, the norm over all elements obeys
    /// |w - w'| &lt;= T lr / (1 - mu) ((n + 1) u |m| + 2 x 3 u |B|) + T 2 u |W|,
    /// here with |m|, |B| and |W| the largest of all steps, |B| &lt;= |m| / (1 - mu), and 1 percent for what is of second order. Adam
    /// has no such bound: where a gradient's sign is within rounding, so is the direction of its step.
    /// </remarks>
    [Property(MaxTest = 10)]
    public void With_any_gradients_they_are_within_rounding(int seed)
    {
        const double lr = 0.1;
        foreach (var mu in new[] { 0, 0.9 })
        {
            foreach (var workers in new[] { 2, 3, 7 })
            {
                var gradients = Gradients(seed, workers, Any.Float);
                var whole = gradients.Select(step => Merge(step, workers)).ToArray();
                var optimizer = Optimizer.Sgd(lr, momentum: mu);
                var many = Train(optimizer, Reduction.Mean, gradients);
                var one = Train(optimizer, Reduction.Mean, whole);

                var m = gradients.Max(step => Norm(i => step.Average(g => Math.Abs((double)g[i]))));
                var b = m / (1 - mu);
                var w = 1 + (Steps * lr * b);
                var bound = 1.01 * Steps * U * ((lr / (1 - mu) * (((workers + 1) * m) + (6 * b))) + (2 * w));
                var difference = Norm(i => (double)many[i] - one[i]);
                Assert.True(difference <= bound, $"Seed {seed}, {workers} workers, momentum {mu}: {difference} > {bound}");
                // The bound says something: a worker left out of a single step would break it a hundredfold.
                Assert.True(100 * bound < lr * m / workers, $"Seed {seed}: the bound {bound} is not sharp.");
            }
        }
    }

    private static float[] Train(Optimizer optimizer, Reduction reduction, float[][][] gradients)
    {
        var workers = gradients[0].Length;
        var model = new WholeModel(new("parallel")
        {
            Parameters = [new("w", [Length], Initializer.Constant(1f / 32))],
            Optimizer = optimizer,
            Reduction = reduction,
            Workers = workers,
        });
        for (var t = 0; t < gradients.Length; t++)
        {
            for (var rank = 0; rank < workers; rank++) model.Push(rank, t, [gradients[t][rank]]);
            model.Close(t, workers);
        }
        return model.Values()[0];
    }

    private static float[][][] Gradients(int seed, int workers, Func<Random, float> draw)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, Steps).Select(_ => Enumerable.Range(0, workers)
            .Select(_ => Enumerable.Range(0, Length).Select(_ => draw(random)).ToArray()).ToArray())];
    }

    // The gradient of the n-fold batch, as exactly as a float can have it.
    private static float[][] Merge(float[][] parts, int divisor) =>
        [[.. Enumerable.Range(0, Length).Select(i => (float)(parts.Sum(g => (double)g[i]) / divisor))]];

    private static double Norm(Func<int, double> element) =>
        Math.Sqrt(Enumerable.Range(0, Length).Sum(i => element(i) * element(i)));
}
