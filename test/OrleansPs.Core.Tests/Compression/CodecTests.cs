using FsCheck.Xunit;
using OrleansPs.Core.Compression;
using OrleansPs.Core.Tests.Optimizers;

namespace OrleansPs.Core.Tests.Compression;

/// <summary>What is received is what the descriptions say, bit for bit, wherever a parameter is cut into pieces.</summary>
[Properties(Arbitrary = [typeof(Parameters)], MaxTest = 300)]
public class CodecTests
{
    private static readonly RoundingKey s_key = RoundingKey.Of(RoundingKey.StreamOf(7, "w"), 3, 12, 1);

    [Property]
    public void Bf16_is_the_nearest(CutParameter parameter) =>
        Bits.AssertSame([.. parameter.Values.Select(ScalarCodecs.Bf16)], parameter.Send(GradientCompressionMode.Bf16, s_key));

    [Property]
    public void Int8_is_the_number_of_scales_with_the_elements_own_random_number(CutParameter parameter) =>
        Bits.AssertSame(ScalarCodecs.Int8(parameter.Values, s_key), parameter.Send(GradientCompressionMode.Int8, s_key));

    [Property]
    public void One_bit_is_the_mean_of_its_sign(CutParameter parameter) =>
        Bits.AssertSame(ScalarCodecs.OneBit(parameter.Values), parameter.Send(GradientCompressionMode.OneBit, s_key));

    [Property]
    public void Top_k_are_the_largest_and_of_equal_ones_the_first(CutParameter parameter, byte k)
    {
        var share = (k + 1) / 512.0;
        var expected = ScalarCodecs.TopK(parameter.Values, TopKCodec.CountOf(parameter.Values.Length, share));
        Assert.Equal(expected, parameter.Send(GradientCompressionMode.TopK, s_key, share));
    }

    /// <summary>Of many elements a sample is taken first: of spread numbers, of few different ones, and where it is mistaken.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Top_k_of_many_are_the_largest_and_of_equal_ones_the_first(int kind)
    {
        const int length = (1 << 17) + 5;
        var random = new Random(kind);
        float[] values = [.. Enumerable.Range(0, length).Select(i => kind switch
        {
            0 => random.NextSingle() + random.NextSingle() - 1,
            1 => random.Next(-2, 3),
            // The stride of the sample: it sees large ones alone, of which there are fewer than k, or none of the large ones.
            2 => i % 32 == 0 ? 1 + random.NextSingle() : random.NextSingle(),
            _ => i % 32 == 1 ? 1 + random.NextSingle() : 0.25f * random.NextSingle(),
        })];
        foreach (var share in (double[])[1e-5, 0.01, 0.05, 0.5])
        {
            var expected = ScalarCodecs.TopK(values, TopKCodec.CountOf(length, share));
            Assert.Equal(expected, new CutParameter(values, [0, 70_000]).Send(GradientCompressionMode.TopK, s_key, share));
        }
    }

    [Fact]
    public void Error_feedback_is_of_equal_lengths() =>
        Assert.Throws<ArgumentException>(() => ErrorFeedback.Add(new float[2], new float[3], new float[3]));

    [Property]
    public void Where_a_parameter_is_cut_changes_no_bit(CutParameter parameter)
    {
        foreach (var mode in Enum.GetValues<GradientCompressionMode>().Skip(1))
            Bits.AssertSame(parameter.Send(mode, s_key, whole: true), parameter.Send(mode, s_key));
    }

    [Property]
    public void The_errors_are_bounded(CutParameter parameter)
    {
        var (bf16, int8) = (parameter.Send(GradientCompressionMode.Bf16, s_key), parameter.Send(GradientCompressionMode.Int8, s_key));
        for (var i = 0; i < parameter.Values.Length; i++)
        {
            var value = parameter.Values[i];
            var largest = parameter.Values.Skip(i / 256 * 256).Take(256).Max(MathF.Abs);
            Assert.True(MathF.Abs(bf16[i] - value) <= Math.Max(MathF.Abs(value) / 256, 1e-40f), $"{value} became {bf16[i]}");
            Assert.True(MathF.Abs(int8[i] - value) <= Math.Max(largest * 1.0001f / 127, 1.5e-36f), $"{value} became {int8[i]}");
        }
    }

    [Property]
    public void What_is_left_is_what_was_not_received(CutParameter parameter)
    {
        foreach (var mode in (GradientCompressionMode[])[GradientCompressionMode.TopK, GradientCompressionMode.OneBit])
        {
            var (received, residual) = parameter.SendWithFeedback(mode);
            Assert.Equal(parameter.Values.Zip(received, (v, r) => v - r), residual);
        }
    }

    [Fact]
    public void Numbers_without_a_rounding_keep_their_bits()
    {
        float[] values = [0, -0f, 1, -2, 0.5f, float.PositiveInfinity, float.NegativeInfinity, 3.3895314e38f];
        Bits.AssertSame(values, new CutParameter(values, [0]).Send(GradientCompressionMode.Bf16, s_key));
    }

    [Fact]
    public void Finite_numbers_stay_finite_and_nan_stays_nan()
    {
        foreach (var length in (int[])[1, 64, 300])
        {
            var large = new CutParameter([.. Enumerable.Repeat(float.MaxValue, length)], [0]);
            foreach (var mode in Enum.GetValues<GradientCompressionMode>().Skip(1))
                Assert.All(large.Send(mode, s_key), v => Assert.True(float.IsFinite(v)));
            var quiet = new CutParameter([.. Enumerable.Repeat(BitConverter.UInt32BitsToSingle(0x7f800001), length)], [0]);
            foreach (var mode in (GradientCompressionMode[])[GradientCompressionMode.Bf16, GradientCompressionMode.Int8])
                Assert.All(quiet.Send(mode, s_key), v => Assert.True(float.IsNaN(v)));
        }
    }

    [Fact]
    public void Error_feedback_saturates()
    {
        float[] residual = [float.MaxValue, -float.MaxValue, 1];
        ErrorFeedback.Add(residual, [float.MaxValue, -float.MaxValue, 2], residual);
        Assert.Equal([float.MaxValue, -float.MaxValue, 3], residual);
    }

    [Fact]
    public void With_error_feedback_what_is_received_in_the_end_is_all_that_was_sent()
    {
        var random = new Random(5);
        foreach (var mode in (GradientCompressionMode[])[GradientCompressionMode.TopK, GradientCompressionMode.OneBit])
        {
            var (residual, sent, received) = (new float[1000], new double[1000], new double[1000]);
            for (var step = 0; step < 50; step++)
            {
                var gradient = TestState.RandomGradient(random, 1000);
                for (var i = 0; i < gradient.Length; i++) sent[i] += gradient[i];
                ErrorFeedback.Add(residual, gradient, residual);
                var (got, left) = new CutParameter(residual, [0, 300]).SendWithFeedback(mode, 0.05);
                for (var i = 0; i < got.Length; i++) received[i] += got[i];
                residual = left;
            }
            var largest = sent.Max(Math.Abs);
            Assert.All(Enumerable.Range(0, 1000), i => Assert.Equal(0, (sent[i] - received[i] - residual[i]) / largest, 1e-5));
        }
    }

    [Theory]
    [InlineData(1, 0.01, 1)]
    [InlineData(1000, 0.01, 10)]
    [InlineData(1001, 0.01, 11)]
    [InlineData(3, 0.5, 2)]
    public void How_many_are_sent_is_rounded_up(int length, double k, int count) => Assert.Equal(count, TopKCodec.CountOf(length, k));
}
