using OrleansPs.Core.Optimizers;

namespace OrleansPs.Core.Tests.Optimizers;

/// <summary>A parameter with both slots, and what tests do with it.</summary>
internal sealed class TestState(int length)
{
    public float[] Values { get; } = new float[length];

    public float[] Slot0 { get; } = new float[length];

    public float[] Slot1 { get; } = new float[length];

    public static TestState Of(params float[] values)
    {
        var state = new TestState(values.Length);
        values.CopyTo(state.Values, 0);
        return state;
    }

    /// <summary>A state such as training leaves behind: any values, any momentum, sums of squares that are not negative.</summary>
    public static TestState Random(Random random, int length, Optimizer? optimizer = null)
    {
        var hasSquaresFirst = optimizer is AdagradOptimizer or RmsPropOptimizer;
        var state = new TestState(length);
        for (var i = 0; i < length; i++)
        {
            state.Values[i] = RandomFloat(random);
            state.Slot0[i] = hasSquaresFirst ? MathF.Abs(RandomFloat(random)) : RandomFloat(random);
            state.Slot1[i] = MathF.Abs(RandomFloat(random));
        }
        return state;
    }

    public static float[] RandomGradient(Random random, int length)
    {
        var gradient = new float[length];
        for (var i = 0; i < length; i++) gradient[i] = RandomFloat(random);
        return gradient;
    }

    public TestState Clone()
    {
        var clone = Of(Values);
        Slot0.CopyTo(clone.Slot0, 0);
        Slot1.CopyTo(clone.Slot1, 0);
        return clone;
    }

    /// <summary>Lets a kernel update the elements from start on.</summary>
    public void Step(OptimizerKernel kernel, int start, ReadOnlySpan<float> gradient, in UpdateContext update) => kernel.Step(
        Values.AsSpan(start, gradient.Length), gradient,
        kernel.StateSlots >= 1 ? Slot0.AsSpan(start, gradient.Length) : default,
        kernel.StateSlots >= 2 ? Slot1.AsSpan(start, gradient.Length) : default, update);

    public void AssertSameBits(TestState expected)
    {
        Bits.AssertSame(expected.Values, Values);
        Bits.AssertSame(expected.Slot0, Slot0);
        Bits.AssertSame(expected.Slot1, Slot1);
    }

    private static float RandomFloat(Random random) => random.Next(8) switch
    {
        0 => 0f,
        1 => -0f,
        2 => float.Epsilon * random.Next(-100, 100),
        3 => (float)(random.NextDouble() - 0.5) * 1e15f,
        _ => (float)(random.NextDouble() - 0.5),
    };
}

/// <summary>Comparisons by bits, which tell 0 from -0; all NaN count as one.</summary>
internal static class Bits
{
    public static void AssertSame(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            if (Of(expected[i]) != Of(actual[i])) Assert.Fail($"Element {i}: expected {expected[i]:R}, got {actual[i]:R}.");
        }
    }

    private static uint Of(float value) => BitConverter.SingleToUInt32Bits(float.IsNaN(value) ? float.NaN : value);
}
