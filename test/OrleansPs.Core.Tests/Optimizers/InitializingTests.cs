using FsCheck.Xunit;
using OrleansPs.Core.Optimizers;

namespace OrleansPs.Core.Tests.Optimizers;

/// <summary>First values: their distribution, and what they depend on.</summary>
public class InitializingTests
{
    private const int Many = 1 << 18;

    private static readonly Initializer[] s_random =
    [
        Initializer.Uniform(-1, 3), Initializer.Normal(2, 0.5f), Initializer.XavierUniform(), Initializer.XavierNormal(),
        Initializer.HeUniform(), Initializer.HeNormal(),
    ];

    [Fact]
    public void Nothing_and_zeros_are_zeros_and_a_constant_is_itself()
    {
        Assert.All(Fill(null, [3, 5]), v => Assert.Equal(0, v));
        Assert.All(Fill(Initializer.Zeros, [3, 5]), v => Assert.Equal(0, v));
        Assert.All(Fill(Initializer.Constant(-2.5f), [3, 5]), v => Assert.Equal(-2.5f, v));
    }

    [Fact]
    public void Uniform_values_fill_their_range_evenly()
    {
        var values = Fill(Initializer.Uniform(-1, 3), [Many]);
        AssertRange(values, -1, MathF.BitDecrement(3));
        AssertMoments(values, 1, 4 / Math.Sqrt(12));
        var perTenth = values.CountBy(v => (int)((v + 1) * 2.5)).Select(p => p.Value / (double)Many).ToArray();
        Assert.Equal(10, perTenth.Length);
        Assert.All(perTenth, share => Assert.Equal(0.1, share, 0.003));
    }

    [Fact]
    public void Normal_values_have_their_mean_deviation_and_tails()
    {
        var values = Fill(Initializer.Normal(2, 0.5f), [Many]);
        AssertMoments(values, 2, 0.5);
        Assert.Equal(0.6827, Share(values, v => Math.Abs(v - 2) < 0.5), 0.004);
        Assert.Equal(0.9545, Share(values, v => Math.Abs(v - 2) < 1), 0.002);
        Assert.Equal(0.00135, Share(values, v => v > 3.5), 0.0004);
        Assert.Equal(0.00135, Share(values, v => v < 0.5), 0.0004);
    }

    [Fact]
    public void A_range_or_deviation_of_zero_is_a_constant()
    {
        Assert.All(Fill(Initializer.Uniform(7, 7), [100]), v => Assert.Equal(7, v));
        Assert.All(Fill(Initializer.Normal(7, 0), [100]), v => Assert.Equal(7, v));
    }

    [Fact]
    public void A_uniform_value_stays_below_high_where_floats_are_coarse()
    {
        var high = MathF.BitIncrement(1e6f);
        Assert.All(Fill(Initializer.Uniform(1e6f, high), [1000]), v => Assert.Equal(1e6f, v));
    }

    [Fact]
    public void Scaled_initializers_follow_glorot_and_he()
    {
        // [64, 16, 32]: fan_in = 1024, fan_out = 32. A uniform distribution's deviation is its bound / sqrt 3.
        int[] shape = [64, 16, 32];
        AssertBound(Fill(Initializer.XavierUniform(2), shape), 2 * Math.Sqrt(6.0 / 1056));
        AssertBound(Fill(Initializer.HeUniform(), shape), Math.Sqrt(6.0 / 1024));
        AssertMoments(Fill(Initializer.XavierNormal(), shape), 0, Math.Sqrt(2.0 / 1056));
        AssertMoments(Fill(Initializer.HeNormal(), shape), 0, Math.Sqrt(2.0 / 1024));
    }

    [Fact]
    public void A_vectors_fans_are_its_length_and_a_scalars_are_one()
    {
        AssertBound(Fill(Initializer.XavierUniform(), [Many]), Math.Sqrt(3.0 / Many));
        AssertMoments(Fill(Initializer.HeNormal(), [Many]), 0, Math.Sqrt(2.0 / Many));
        Assert.Equal(
            Fill(Initializer.Normal(0, MathF.Sqrt(2)), [1]), Fill(Initializer.HeNormal(), []));
    }

    [Property(MaxTest = 100)]
    public void A_slice_has_the_values_of_the_whole(ulong seed, byte start, byte length)
    {
        foreach (var initializer in s_random)
        {
            var whole = Fill(initializer, [2, 256], seed);
            var slice = new float[length];
            Initializing.Fill(initializer, seed, "w", [2, 256], start, slice);
            Bits.AssertSame(whole.AsSpan(start, length), slice);
        }
    }

    [Fact]
    public void Other_seeds_and_other_names_give_other_values()
    {
        foreach (var initializer in s_random)
        {
            string[] names = ["", "w", "W", "w1", "1w", "layer1.weight", "layer2.weight", "é"];
            ulong[] seeds = [0, 1, 2, ulong.MaxValue];
            var all = from name in names from seed in seeds from v in Fill(initializer, [4, 25], seed, name) select v;
            Assert.True(all.Distinct().Count() >= 0.999 * 100 * names.Length * seeds.Length);
        }
    }

    [Fact]
    public void Neighbours_are_not_correlated_nor_are_parameters()
    {
        var (a, b) = (Fill(Initializer.Normal(), [Many]), Fill(Initializer.Normal(), [Many], name: "x"));
        Assert.Equal(0, Correlation(a.AsSpan(1), a), 0.01);
        Assert.Equal(0, Correlation(b, a), 0.01);
    }

    [Fact]
    public void Arguments_are_checked()
    {
        var values = new float[] { 1 };
        Assert.Throws<ArgumentOutOfRangeException>(
            () => Initializing.Fill(Initializer.Normal(), 0, "w", [1], -1, values));
        Assert.Throws<ArgumentNullException>(() => Initializing.Fill(Initializer.Normal(), 0, null!, [1], 0, values));
        Assert.Throws<ArgumentNullException>(() => Initializing.Fill(Initializer.Normal(), 0, "w", null!, 0, values));
        Assert.Equal([1], values);
    }

    private static float[] Fill(Initializer? initializer, int[] shape, ulong seed = 42, string name = "w")
    {
        var values = new float[shape.Aggregate(1, (a, b) => a * b)];
        Array.Fill(values, float.NaN);
        Initializing.Fill(initializer, seed, name, shape, 0, values);
        return values;
    }

    // Five standard errors of the mean, and as many of the deviation, at the seeds used here.
    private static void AssertMoments(float[] values, double mean, double std)
    {
        var actual = values.Average(v => (double)v);
        var deviation = Math.Sqrt(values.Average(v => (v - actual) * (v - actual)));
        Assert.Equal(mean, actual, 5 * std / Math.Sqrt(values.Length));
        Assert.Equal(std, deviation, 5 * std / Math.Sqrt(2.0 * values.Length));
    }

    private static void AssertBound(float[] values, double bound)
    {
        AssertRange(values, (float)-bound * 1.000001f, (float)bound * 1.000001f);
        Assert.True(values.Max() > bound * 0.99);
        AssertMoments(values, 0, bound / Math.Sqrt(3));
    }

    private static void AssertRange(float[] values, float low, float high)
    {
        Assert.InRange(values.Min(), low, high);
        Assert.InRange(values.Max(), low, high);
    }

    private static double Share(float[] values, Predicate<double> holds) =>
        values.Count(v => holds(v)) / (double)values.Length;

    private static double Correlation(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++) sum += (double)a[i] * b[i];
        return sum / a.Length;
    }
}
