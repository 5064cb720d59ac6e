using FsCheck.Xunit;
using OrleansPs.Core.Optimizers;

namespace OrleansPs.Core.Tests.Optimizers;

/// <summary>Sums, means, checks and norms of gradients against plain loops.</summary>
public class GradientMathTests
{
    [Property(MaxTest = 200)]
    public void In_place_arithmetic_gives_the_bits_of_a_plain_loop(int seed, byte length, byte offset)
    {
        var random = new Random(seed);
        var (a, b) = (TestState.RandomGradient(random, offset + length), TestState.RandomGradient(random, offset + length));
        AssertLike(a, offset, x => GradientMath.Add(x, b.AsSpan(offset)), (x, i) => x + b[i]);
        AssertLike(a, offset, x => GradientMath.Divide(x, 3), (x, _) => x / 3);
        AssertLike(a, offset, x => GradientMath.Scale(x, 0.3f), (x, _) => x * 0.3f);
        AssertLike(a, offset, x => GradientMath.Clamp(x, 0.25f), (x, _) => x > 0.25f ? 0.25f : x < -0.25f ? -0.25f : x);
    }

    [Fact]
    public void Divide_is_not_a_multiplication_by_the_reciprocal()
    {
        var values = Enumerable.Range(1, 1000).Select(i => (float)i).ToArray();
        GradientMath.Divide(values, 49);
        Assert.Contains(Enumerable.Range(1, 1000), i => values[i - 1] != i * (1 / 49f));
        Assert.All(Enumerable.Range(1, 1000), i => Assert.Equal(i / 49f, values[i - 1]));
    }

    [Fact]
    public void Clamp_keeps_nan_and_limits_infinities()
    {
        foreach (var length in (int[])[3, 48])
        {
            var values = Enumerable.Repeat(float.NaN, length).ToArray();
            (values[0], values[1]) = (float.PositiveInfinity, float.NegativeInfinity);
            GradientMath.Clamp(values, 2);
            Assert.Equal(2, values[0]);
            Assert.Equal(-2, values[1]);
            Assert.All(values[2..], v => Assert.True(float.IsNaN(v)));
        }
    }

    [Theory]
    [InlineData(-1f)]
    [InlineData(float.NaN)]
    public void Clamp_refuses_a_limit_that_is_none(float limit)
    {
        float[] values = [5];
        Assert.Throws<ArgumentOutOfRangeException>(() => GradientMath.Clamp(values, limit));
        Assert.Equal(5, values[0]);
    }

    [Fact]
    public void Add_refuses_another_length_and_changes_nothing()
    {
        float[] values = [1, 2];
        Assert.Throws<ArgumentException>(() => GradientMath.Add(values, [1f]));
        Assert.Throws<ArgumentException>(() => GradientMath.Add(values, [1f, 1f, 1f]));
        Assert.Equal([1, 2], values);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void A_value_that_is_not_finite_is_found_wherever_it_is(float bad)
    {
        for (var length = 1; length <= 150; length++)
        {
            var values = new float[length];
            Array.Fill(values, float.MaxValue);
            for (var i = 0; i < length; i++)
            {
                values[i] = bad;
                Assert.Equal(i, GradientMath.IndexOfNonFinite(values));
                values[i] = i % 2 == 0 ? -float.MaxValue : float.Epsilon;
            }
            Assert.Equal(-1, GradientMath.IndexOfNonFinite(values));
        }
    }

    [Fact]
    public void A_nan_of_any_payload_and_sign_is_found()
    {
        foreach (var bits in (uint[])[0x7f800001, 0xff800001, 0x7fc00000, 0xffffffff])
        {
            var values = new float[100];
            values[40] = BitConverter.UInt32BitsToSingle(bits);
            Assert.Equal(40, GradientMath.IndexOfNonFinite(values));
        }
    }

    [Property]
    public void The_first_of_several_is_reported(byte a, byte b, byte c)
    {
        var values = new float[256];
        (values[a], values[b], values[c]) = (float.NaN, float.PositiveInfinity, float.NaN);
        Assert.Equal(Math.Min(a, Math.Min(b, c)), GradientMath.IndexOfNonFinite(values));
    }

    [Fact]
    public void Nothing_is_finite()
    {
        Assert.Equal(-1, GradientMath.IndexOfNonFinite([]));
        Assert.Equal(0, GradientMath.SumOfSquares([]));
    }

    [Property(MaxTest = 200)]
    public void Sum_of_squares_adds_in_the_documented_order(int seed, byte length, byte offset)
    {
        var values = TestState.RandomGradient(new Random(seed), offset + length);
        var actual = GradientMath.SumOfSquares(values.AsSpan(offset));
        Assert.Equal(SumInLanes(values.AsSpan(offset)), actual);
    }

    [Fact]
    public void Sum_of_squares_neither_overflows_nor_loses_small_terms()
    {
        var values = new float[40];
        Array.Fill(values, 1e-3f);
        (values[0], values[39]) = (1e30f, 3);
        Assert.Equal((double)1e30f * 1e30f, GradientMath.SumOfSquares(values));
        values[0] = 4;
        Assert.Equal(25 + (38e-6), GradientMath.SumOfSquares(values), 1e-9);
    }

    [Fact]
    public void Nothing_is_allocated()
    {
        var (a, b) = (new float[1000], new float[1000]);
        Run(a, b);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++) Run(a, b);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        static void Run(float[] a, float[] b)
        {
            GradientMath.Add(a, b);
            GradientMath.Divide(a, 2);
            GradientMath.Scale(a, 2);
            GradientMath.Clamp(a, 1);
            _ = GradientMath.IndexOfNonFinite(a);
            _ = GradientMath.SumOfSquares(a);
        }
    }

    private static double SumInLanes(ReadOnlySpan<float> values)
    {
        var lanes = new double[16];
        for (var i = 0; i < values.Length; i++) lanes[i % 16] += (double)values[i] * values[i];
        var eight = Enumerable.Range(0, 8).Select(i => lanes[i] + lanes[i + 8]).ToArray();
        var four = Enumerable.Range(0, 4).Select(i => eight[i] + eight[i + 4]).ToArray();
        return (four[0] + four[2]) + (four[1] + four[3]);
    }

    private delegate void InPlace(Span<float> values);

    private static void AssertLike(float[] input, int offset, InPlace operation, Func<float, int, float> expected)
    {
        var actual = input.ToArray();
        operation(actual.AsSpan(offset));
        Bits.AssertSame(input.Select((x, i) => i < offset ? x : expected(x, i)).ToArray(), actual);
    }
}
