using FsCheck.Xunit;
using OrleansPs.Core.Optimizers;

namespace OrleansPs.Core.Tests.Optimizers;

/// <summary>
/// Adagrad and RMSprop against numbers worked out by hand from the algorithms in PyTorch's documentation of
/// <c>torch.optim</c>, FTRL-Proximal against its paper in double.
/// </summary>
public class AdaptiveKernelValuesTests
{
    [Fact]
    public void Adagrad_divides_by_the_root_of_the_sum_of_squares()
    {
        // s = 1, 2; w = -0.1, -0.1 - 0.1 / 1.4142136
        AssertSequence(Optimizer.Adagrad(0.1), 0f, [1f, 1f], [-0.1f, -0.17071068f]);
    }

    [Fact]
    public void Adagrads_learning_rate_decays_with_the_count_of_updates()
    {
        // The second step is 0.1 / (1 + 1 x 1) / 1.4142136
        AssertSequence(Optimizer.Adagrad(0.1, lrDecay: 1), 0f, [1f, 1f], [-0.1f, -0.13535534f]);
    }

    [Fact]
    public void Adagrads_sum_starts_where_it_is_told()
    {
        // s = 3 + 1; w = -0.1 / 2
        AssertSequence(Optimizer.Adagrad(0.1, initialAccumulatorValue: 3), 0f, [1f], [-0.05f]);
    }

    [Fact]
    public void Adagrad_adds_weight_decay_to_the_gradient()
    {
        // d = 1 + 0.5 x 2 = 2, s = 3 + 4; w = 2 - 0.1 x 2 / 2.6457513
        AssertSequence(Optimizer.Adagrad(0.1, weightDecay: 0.5, initialAccumulatorValue: 3), 2f, [1f], [1.9244071f]);
    }

    [Fact]
    public void RmsProp_divides_by_the_root_of_the_mean_square()
    {
        // v = 0.01, 0.0199; w = -0.1 / 0.1, -1 - 0.1 / 0.14106736
        AssertSequence(Optimizer.RmsProp(0.1), 0f, [1f, 1f], [-1f, -1.7088812f]);
    }

    [Fact]
    public void RmsProp_with_momentum_sums_scaled_gradients()
    {
        // b = 10, 9 + 7.0888121; w = -1, -2.6088812
        AssertSequence(Optimizer.RmsProp(0.1, momentum: 0.9), 0f, [1f, 1f], [-1f, -2.6088812f]);
    }

    [Fact]
    public void Centered_RmsProp_divides_by_the_standard_deviation()
    {
        // v - a a = 0.01 - 0.0001, then 0.0199 - 0.00039601; w = -0.1 / 0.09949874, that - 0.1 / 0.13965671
        AssertSequence(Optimizer.RmsProp(0.1, centered: true), 0f, [1f, 1f], [-1.0050378f, -1.7210794f]);
    }

    [Fact]
    public void Centered_RmsProp_survives_a_variance_that_rounds_below_0()
    {
        var kernel = OptimizerKernel.For(Optimizer.RmsProp(1e-6, alpha: 0.5, centered: true));
        var gradient = TestState.RandomGradient(new(1), 1000);
        var state = new TestState(1000);
        for (var count = 1; count <= 100; count++) state.Step(kernel, 0, gradient, new(1, count));
        Assert.Contains(true, state.Slot0.Zip(state.Slot1, (square, mean) => square - (mean * mean) < 0));
        Assert.All(state.Values, w => Assert.True(float.IsFinite(w)));
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.7)]
    [InlineData(-2.5)]
    public void FtrlProximal_stays_close_to_the_papers_algorithm_in_double(double first)
    {
        var o = (FtrlProximalOptimizer)Optimizer.FtrlProximal(0.2, 0.5, l1: 0.4, l2: 0.3);
        var random = new Random(7);
        var state = TestState.Of((float)first);
        var w = (double)(float)first;
        var (z, n) = (-(Math.Sign(w) * o.L1) - (((o.Beta / o.Lr) + o.L2) * w), 0.0);
        for (var t = 1; t <= 300; t++)
        {
            var g = (float)(random.NextDouble() - 0.48);
            state.Step(OptimizerKernel.For(o), 0, [g], new(1, t));
            z += g - ((Math.Sqrt(n + ((double)g * g)) - Math.Sqrt(n)) / o.Lr * w);
            n += (double)g * g;
            w = Solution(o, z, (o.Beta + Math.Sqrt(n)) / o.Lr);
            Assert.Equal(w, state.Values[0], 1e-5);
        }
    }

    [Property(MaxTest = 200)]
    public void FtrlProximal_minimises_the_papers_objective_under_any_schedule(int seed)
    {
        var o = (FtrlProximalOptimizer)Optimizer.FtrlProximal(0.2, 1, l1: 0.2, l2: 0.1);
        var random = new Random(seed);
        var state = TestState.Of(0f);
        double w = 0, z = 0, n = 0, before = 0;
        for (var t = 1; t <= 50; t++)
        {
            var (g, factor) = ((float)(random.NextDouble() - 0.4), 0.1 + random.NextDouble());
            state.Step(OptimizerKernel.For(o), 0, [g], new(factor, t));
            n += (double)g * g;
            // Equation (1): the sum of all sigma is 1 / eta, so the newest is its increase.
            var inverse = (o.Beta + Math.Sqrt(n)) / (o.Lr * factor);
            z += g - ((inverse - before) * w);
            (w, before) = (Solution(o, z, inverse), inverse);
            Assert.Equal(w, state.Values[0], 1e-4);
        }
    }

    [Fact]
    public void FtrlProximal_stays_at_0_until_gradients_outweigh_l1()
    {
        // z = 0.6, 1.2; n = 0.36, 0.72; w = (1 - 1.2) / ((1 + 0.84852814) / 0.1)
        AssertSequence(Optimizer.FtrlProximal(0.1, l1: 1), 0f, [0.6f, 0.6f], [0f, -0.010819418f]);
    }

    [Fact]
    public void FtrlProximal_without_penalties_is_a_gradient_step_of_each_elements_rate()
    {
        // 0.5 - 0.1 / (1 + 2) x 2
        AssertSequence(Optimizer.FtrlProximal(), 0.5f, [2f], [0.43333334f]);
    }

    [Theory]
    [InlineData(1.0, 0f)]
    [InlineData(0.001, 0f)]
    [InlineData(0.0, 3f)]
    [InlineData(1e-45, 3f)]
    public void FtrlProximal_moves_nothing_without_a_gradient_or_without_a_learning_rate(double factor, float gradient)
    {
        var kernel = OptimizerKernel.For(Optimizer.FtrlProximal(0.3, l1: 0.5, l2: 0.2));
        var state = new TestState(99);
        TestState.RandomGradient(new(3), 99).CopyTo(state.Values, 0);
        state.Step(kernel, 0, TestState.RandomGradient(new(4), 99), new(1, 1));
        var before = state.Clone();
        for (var count = 2; count <= 9; count++) state.Step(kernel, 0, Enumerable.Repeat(gradient, 99).ToArray(), new(factor, count));
        for (var i = 0; i < 99; i++) Assert.Equal(before.Values[i], state.Values[i]);
    }

    [Fact]
    public void Each_optimizer_says_how_many_slots_it_has()
    {
        Assert.Equal(1, OptimizerKernel.For(Optimizer.Adagrad()).StateSlots);
        Assert.Equal(1, OptimizerKernel.For(Optimizer.RmsProp()).StateSlots);
        Assert.Equal(2, OptimizerKernel.For(Optimizer.RmsProp(momentum: 0.9)).StateSlots);
        Assert.Equal(2, OptimizerKernel.For(Optimizer.RmsProp(centered: true)).StateSlots);
        Assert.Equal(2, OptimizerKernel.For(Optimizer.FtrlProximal()).StateSlots);
    }

    private static double Solution(FtrlProximalOptimizer o, double z, double inverseRate) =>
        Math.Abs(z) <= o.L1 ? 0 : -(z - (Math.Sign(z) * o.L1)) / (inverseRate + o.L2);

    private static void AssertSequence(Optimizer optimizer, float start, float[] gradients, float[] expected)
    {
        var kernel = OptimizerKernel.For(optimizer);
        var state = TestState.Of(start);
        kernel.InitializeState(
            kernel.StateSlots > 0 ? state.Slot0 : default, kernel.StateSlots > 1 ? state.Slot1 : default);
        for (var i = 0; i < gradients.Length; i++)
        {
            state.Step(kernel, 0, [gradients[i]], new(1, i + 1));
            Assert.Equal(expected[i], state.Values[0], 1e-6f);
        }
    }
}
