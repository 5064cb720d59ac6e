using FsCheck.Xunit;
using OrleansPs.Core.Optimizers;

namespace OrleansPs.Core.Tests.Optimizers;

/// <summary>Rows: an optimizer does to each what it does to a dense parameter, and row-wise Adagrad has one number a row.</summary>
public class RowKernelTests
{
    private static readonly Optimizer[] s_elementwise =
    [
        Optimizer.Sgd(0.1, momentum: 0.9, dampening: 0.3, weightDecay: 0.01),
        Optimizer.Adam(),
        Optimizer.AdamW(),
        Optimizer.Adagrad(0.1, lrDecay: 0.2, initialAccumulatorValue: 0.3),
        Optimizer.RmsProp(momentum: 0.9),
        Optimizer.RmsProp(centered: true),
        Optimizer.FtrlProximal(l1: 0.1),
        Optimizer.Sum(),
        Optimizer.Assign(),
    ];

    private static readonly Optimizer[] s_rowwise =
    [
        Optimizer.RowwiseAdagrad(),
        Optimizer.RowwiseAdagrad(0.1, weightDecay: 0.01, initialAccumulatorValue: 0.5, eps: 1e-6),
    ];

    [Fact]
    public void A_row_and_a_dense_parameter_of_its_width_have_the_same_bits()
    {
        foreach (var optimizer in s_elementwise)
        {
            for (var width = 0; width <= 40; width++) AssertLikeDense(optimizer, width);
        }
    }

    [Fact]
    public void Slots_lie_one_behind_the_other()
    {
        Assert.Equal(0, RowKernel.For(Optimizer.Sgd()).StateFloats(16));
        Assert.Equal(16, RowKernel.For(Optimizer.Adagrad()).StateFloats(16));
        Assert.Equal(32, RowKernel.For(Optimizer.Adam()).StateFloats(16));
        Assert.Equal(1, RowKernel.For(Optimizer.RowwiseAdagrad()).StateFloats(16));
    }

    [Fact]
    public void A_kernel_that_counts_no_updates_gives_the_same_bits_for_any_count()
    {
        var counting = new List<Optimizer>();
        foreach (var optimizer in s_elementwise.Concat(s_rowwise).Append(Optimizer.Sgd()).Append(Optimizer.Adagrad()))
        {
            var kernel = RowKernel.For(optimizer);
            var (one, other) = (Row.Random(kernel, new(3), 9), Row.Random(kernel, new(3), 9));
            var gradient = TestState.RandomGradient(new(4), 9);
            kernel.Step(one.Values, gradient, one.State, new(1, 1));
            kernel.Step(other.Values, gradient, other.State, new(1, 100));
            if (kernel.CountsUpdates) counting.Add(optimizer);
            else one.AssertSameBits(other);
        }
        Assert.Equal(s_elementwise[..4], counting);
    }

    [Fact]
    public void Row_wise_adagrad_adds_the_mean_square_of_the_row()
    {
        // s = (9 + 16) / 2 = 12.5, step 0.1 / 3.5355339; then s = 12.5 + 2 = 14.5, step 0.1 / 3.8078866
        var kernel = RowKernel.For(Optimizer.RowwiseAdagrad(0.1));
        float[] values = [1, 2], state = [float.NaN];
        kernel.Initialize(state);
        kernel.Step(values, [3, -4], state, new(1, 1));
        Assert.Equal(12.5f, state[0]);
        AssertNear([1 - (0.3 / Math.Sqrt(12.5)), 2 + (0.4 / Math.Sqrt(12.5))], values);
        kernel.Step(values, [2, 0], state, new(0.5, 2));
        Assert.Equal(14.5f, state[0]);
        AssertNear([1 - (0.3 / Math.Sqrt(12.5)) - (0.1 / Math.Sqrt(14.5)), 2 + (0.4 / Math.Sqrt(12.5))], values);
    }

    [Fact]
    public void Row_wise_adagrad_of_width_1_is_adagrad()
    {
        var (rowwise, adagrad) = (RowKernel.For(s_rowwise[1]), RowKernel.For(
            Optimizer.Adagrad(0.1, weightDecay: 0.01, initialAccumulatorValue: 0.5, eps: 1e-6)));
        float[] one = [0.7f], oneState = [0], other = [0.7f], otherState = [0];
        rowwise.Initialize(oneState);
        adagrad.Initialize(otherState);
        for (var count = 1; count <= 20; count++)
        {
            float[] gradient = [MathF.Sin(count)];
            rowwise.Step(one, gradient, oneState, new(1, count));
            adagrad.Step(other, gradient, otherState, new(1, count));
        }
        Assert.Equal(other[0], one[0], 1e-6f);
        Assert.Equal(otherState[0], oneState[0], 1e-5f);
    }

    [Property(MaxTest = 300)]
    public void Row_wise_adagrad_stays_close_to_TorchRecs_formula_in_double(int seed, ushort width)
    {
        foreach (var optimizer in s_rowwise) AssertLikeTorchRec((RowwiseAdagradOptimizer)optimizer, seed, 1 + (width % 700));
    }

    [Fact]
    public void A_step_allocates_nothing()
    {
        foreach (var optimizer in s_elementwise.Concat(s_rowwise))
        {
            var kernel = RowKernel.For(optimizer);
            var row = Row.Random(kernel, new(1), 300);
            var gradient = TestState.RandomGradient(new(2), 300);
            kernel.Step(row.Values, gradient, row.State, new(1, 1));
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 100; i++) kernel.Step(row.Values, gradient, row.State, new(1, 2));
            Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        }
    }

    [Fact]
    public void Spans_of_wrong_lengths_are_refused_and_nothing_changes()
    {
        foreach (var optimizer in s_elementwise.Concat(s_rowwise))
        {
            var kernel = RowKernel.For(optimizer);
            var row = Row.Random(kernel, new(1), 5);
            var before = row.Copy();
            Assert.Throws<ArgumentException>("gradient", () => kernel.Step(row.Values, new float[4], row.State, new(1, 1)));
            var longer = new float[row.State.Length + 1];
            Assert.Throws<ArgumentException>("state", () => kernel.Step(row.Values, new float[5], longer, new(1, 1)));
            row.AssertSameBits(before);
        }
    }

    [Fact]
    public void There_is_no_kernel_of_dense_parameters_for_row_wise_adagrad() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => OptimizerKernel.For(Optimizer.RowwiseAdagrad()));

    private static void AssertLikeDense(Optimizer optimizer, int width)
    {
        var (rows, dense) = (RowKernel.For(optimizer), OptimizerKernel.For(optimizer));
        var random = new Random(width);
        var parameter = TestState.Of(TestState.RandomGradient(random, width));
        var row = new Row([.. parameter.Values], new float[rows.StateFloats(width)]);
        rows.Initialize(row.State);
        dense.InitializeState(parameter.Slot0, parameter.Slot1);
        for (var count = 1; count <= 3; count++)
        {
            var gradient = TestState.RandomGradient(random, width);
            rows.Step(row.Values, gradient, row.State, new(1.0 / count, count));
            parameter.Step(dense, 0, gradient, new(1.0 / count, count));
            Bits.AssertSame(parameter.Values, row.Values);
            if (dense.StateSlots > 0) Bits.AssertSame(parameter.Slot0, row.State.AsSpan(0, width));
            if (dense.StateSlots > 1) Bits.AssertSame(parameter.Slot1, row.State.AsSpan(width));
        }
    }

    private static void AssertLikeTorchRec(RowwiseAdagradOptimizer o, int seed, int width)
    {
        var random = new Random(seed);
        var kernel = RowKernel.For(o);
        var row = new Row(Uniform(random, width), new float[1]);
        kernel.Initialize(row.State);
        double[] values = [.. row.Values.Select(v => (double)v)];
        var sum = o.InitialAccumulatorValue;
        for (var count = 1; count <= 5; count++)
        {
            var gradient = Uniform(random, width);
            double[] direction = [.. gradient.Zip(values, (g, w) => g + (o.WeightDecay * w))];
            sum += direction.Average(d => d * d);
            for (var i = 0; i < width; i++) values[i] -= o.Lr * direction[i] / (Math.Sqrt(sum) + o.Eps);
            kernel.Step(row.Values, gradient, row.State, new(1, count));
        }
        AssertNear(values, row.Values);
        Assert.Equal(sum, row.State[0], 1e-5 * (1 + sum));
    }

    private static float[] Uniform(Random random, int length) => [.. Enumerable.Range(0, length).Select(_ => (float)random.NextDouble() - 0.5f)];

    private static void AssertNear(double[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-6 * (1 + Math.Abs(expected[i])));
    }

    private sealed record Row(float[] Values, float[] State)
    {
        public static Row Random(RowKernel kernel, Random random, int width) => new(
            TestState.RandomGradient(random, width), [.. TestState.RandomGradient(random, kernel.StateFloats(width)).Select(MathF.Abs)]);

        public Row Copy() => new([.. Values], [.. State]);

        public void AssertSameBits(Row expected)
        {
            Bits.AssertSame(expected.Values, Values);
            Bits.AssertSame(expected.State, State);
        }
    }
}
