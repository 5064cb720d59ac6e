using OrleansPs.Core.Compression;

namespace OrleansPs.Core.Tests.Compression;

/// <summary>Stochastic rounding has the expectation that it promises, and depends on what it says it depends on.</summary>
public class RoundingTests
{
    private const int Draws = 20_000;

    [Theory]
    [InlineData(0.01f)]
    [InlineData(0.3f)]
    [InlineData(-0.5f)]
    [InlineData(-0.77f)]
    public void The_mean_of_what_is_received_is_what_was_sent(float value)
    {
        // The largest is 127, so a quantum is 1 and the error of a draw has a standard deviation of at most 1/2.
        float[] values = [127, .. Enumerable.Repeat(value, 249)];
        var sum = 0.0;
        for (var step = 0; step < Draws / 249; step++)
            sum += Receive(values, RoundingKey.Of(RoundingKey.StreamOf(1, "w"), 0, step, 0)).Skip(1).Sum(v => (double)v);
        var mean = sum / (Draws / 249 * 249);
        var deviation = Math.Sqrt(Math.Abs(value) * (1 - Math.Abs(value)) / Draws);
        Assert.InRange(mean, value - (5 * deviation), value + (5 * deviation));
    }

    [Fact]
    public void The_numbers_are_uniform_and_none_is_like_its_neighbour()
    {
        var key = RoundingKey.Of(RoundingKey.StreamOf(1, "w"), 2, 3, 0);
        var numbers = Enumerable.Range(0, Draws).Select(i => (double)key.At((uint)i)).ToArray();
        Assert.All(numbers, u => Assert.InRange(u, 0, 1 - 1e-9));
        var tenths = numbers.CountBy(u => (int)(u * 10)).ToDictionary(x => x.Key, x => x.Value);
        Assert.All(Enumerable.Range(0, 10), t => Assert.InRange(tenths[t], (Draws / 10) - 220, (Draws / 10) + 220));
        var correlation = numbers.Zip(numbers.Skip(1), (a, b) => (a - 0.5) * (b - 0.5)).Sum() * 12 / Draws;
        Assert.InRange(correlation, -0.04, 0.04);
    }

    [Fact]
    public void Another_seed_parameter_rank_step_or_push_is_another_draw()
    {
        var values = Enumerable.Range(0, 300).Select(i => MathF.Sin(i)).ToArray();
        ulong stream = RoundingKey.StreamOf(1, "w");
        RoundingKey[] keys =
        [
            RoundingKey.Of(stream, 0, 0, 0), RoundingKey.Of(stream, 1, 0, 0), RoundingKey.Of(stream, 0, 1, 0), RoundingKey.Of(stream, 0, 0, 1),
            RoundingKey.Of(RoundingKey.StreamOf(2, "w"), 0, 0, 0), RoundingKey.Of(RoundingKey.StreamOf(1, "v"), 0, 0, 0),
        ];
        var received = keys.Select(k => string.Join(' ', Receive(values, k))).ToArray();
        Assert.Equal(received.Length, received.Distinct().Count());
        Assert.Equal(received[0], string.Join(' ', Receive(values, RoundingKey.Of(stream, 0, 0, 0))));
    }

    /// <summary>A frozen value: another one would change trainings that are done again.</summary>
    [Fact]
    public void The_numbers_are_those_they_always_were()
    {
        var key = RoundingKey.Of(RoundingKey.StreamOf(1, "w"), 2, 3, 4);
        Assert.Equal([0.133517027f, 0.357510388f, 0.876568973f], (float[])[key.At(0), key.At(1), key.At(1_000_000)]);
    }

    private static float[] Receive(float[] values, RoundingKey key) => new CutParameter(values, [0]).Send(GradientCompressionMode.Int8, key);
}
