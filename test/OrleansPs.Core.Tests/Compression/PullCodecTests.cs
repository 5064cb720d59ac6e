using FsCheck.Xunit;
using OrleansPs.Core.Compression;
using OrleansPs.Core.Tests.Optimizers;

namespace OrleansPs.Core.Tests.Compression;

/// <summary>What a worker receives of a pull is the nearest that its code has, and the same where no code is made.</summary>
[Properties(Arbitrary = [typeof(Parameters)], MaxTest = 300)]
public class PullCodecTests
{
    private static readonly GradientCompressionMode[] s_modes = [GradientCompressionMode.None, GradientCompressionMode.Bf16, GradientCompressionMode.Int8];

    [Property]
    public void Each_number_is_the_nearest(CutParameter parameter)
    {
        Bits.AssertSame(parameter.Values, Receive(GradientCompressionMode.None, parameter.Values));
        Bits.AssertSame([.. parameter.Values.Select(ScalarCodecs.Bf16)], Receive(GradientCompressionMode.Bf16, parameter.Values));
        Bits.AssertSame(ScalarCodecs.Int8Nearest(parameter.Values), Receive(GradientCompressionMode.Int8, parameter.Values));
    }

    [Property]
    public void A_copy_has_the_bits_of_the_code(CutParameter parameter)
    {
        foreach (var mode in s_modes)
        {
            var copy = new float[parameter.Values.Length];
            PullCodec.Copy(mode, parameter.Values, copy);
            Bits.AssertSame(Receive(mode, parameter.Values), copy);
        }
    }

    [Property]
    public void The_errors_are_half_as_large_as_those_of_a_push(CutParameter parameter)
    {
        var received = Receive(GradientCompressionMode.Int8, parameter.Values);
        for (var i = 0; i < received.Length; i++)
        {
            var largest = parameter.Values.Skip(i / 256 * 256).Take(256).Max(MathF.Abs);
            Assert.True(MathF.Abs(received[i] - parameter.Values[i]) <= Math.Max(largest * 1.0001f / 254, 1.5e-36f), $"{parameter.Values[i]} became {received[i]}");
        }
    }

    [Fact]
    public void What_is_received_is_received_unchanged_once_more()
    {
        float[] values = [.. Enumerable.Range(0, 700).Select(i => MathF.Sin(i) * i)];
        foreach (var mode in s_modes)
        {
            var once = Receive(mode, values);
            Bits.AssertSame(once, Receive(mode, once));
        }
    }

    private static float[] Receive(GradientCompressionMode mode, float[] values)
    {
        var (code, received) = (new byte[PullCodec.BytesOf(mode, values.Length)], new float[values.Length]);
        PullCodec.Encode(mode, values, code);
        new SegmentCode(mode, values.Length, code).Decode(0, received);
        return received;
    }
}
