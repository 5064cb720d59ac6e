using FsCheck;
using FsCheck.Fluent;
using OrleansPs.Core.Compression;

namespace OrleansPs.Core.Tests.Compression;

/// <summary>A gradient and where it is cut into pieces.</summary>
/// <param name="Values">The gradient.</param>
/// <param name="Cuts">Where pieces begin, ascending, the first at 0.</param>
public sealed record CutParameter(float[] Values, int[] Cuts)
{
    /// <summary>What is received when each piece is encoded and decoded by itself.</summary>
    internal float[] Send(GradientCompressionMode mode, RoundingKey key, double k = 0.01, bool whole = false)
    {
        var received = new float[Values.Length];
        var choice = mode == GradientCompressionMode.TopK ? TopKChoice.Of(Values, TopKCodec.CountOf(Values.Length, k)) : default;
        foreach (var (start, length) in Pieces(whole))
        {
            var code = Encode(mode, start, length, key, ref choice);
            Assert.True(code.IsCodeAt(start));
            code.Decode(start, received.AsSpan(start, length));
        }
        return received;
    }

    /// <summary>Sends with error feedback.</summary>
    /// <returns>What is received, and what is left.</returns>
    internal (float[] Received, float[] Residual) SendWithFeedback(GradientCompressionMode mode, double k = 0.01)
    {
        var (received, residual) = (new float[Values.Length], Values.ToArray());
        var choice = mode == GradientCompressionMode.TopK ? TopKChoice.Of(Values, TopKCodec.CountOf(Values.Length, k)) : default;
        foreach (var (start, length) in Pieces(false))
        {
            var code = Encode(mode, start, length, default, ref choice);
            code.Decode(start, received.AsSpan(start, length));
            ErrorFeedback.Subtract(code, start, residual.AsSpan(start, length));
        }
        return (received, residual);
    }

    internal IEnumerable<(int Start, int Length)> Pieces(bool whole) => whole ? [(0, Values.Length)]
        : Cuts.Zip(Cuts.Skip(1).Append(Values.Length), (from, to) => (from, to - from));

    private SegmentCode Encode(GradientCompressionMode mode, int start, int length, RoundingKey key, ref TopKChoice choice)
    {
        var bytes = new byte[SegmentCode.BytesOf(mode, start, length)];
        switch (mode)
        {
            case GradientCompressionMode.Bf16: Bf16Codec.Encode(Values.AsSpan(start, length), bytes); break;
            case GradientCompressionMode.Int8: Int8Codec.Encode(Values, start, length, key, bytes); break;
            case GradientCompressionMode.OneBit: OneBitCodec.Encode(Values, start, length, bytes); break;
            default: bytes = bytes[..TopKCodec.Encode(Values.AsSpan(start, length), ref choice, bytes)]; break;
        }
        return new(mode, length, bytes);
    }
}

/// <summary>Gradients of all sizes, with numbers near each other, equal ones, zeros, and tiny and huge ones, cut anywhere.</summary>
public static class Parameters
{
    public static Arbitrary<CutParameter> Cut() => Arb.From(
        from length in Gen.Frequency((3, Gen.Choose(1, 40)), (3, Gen.Choose(200, 1100)))
        from kind in Gen.Choose(0, 5)
        from seed in Gen.Choose(0, int.MaxValue - 1)
        from cuts in Gen.ListOf(Gen.Choose(0, length - 1), 3)
        select new CutParameter(Numbers(new(seed), kind, length), [.. cuts.Append(0).Distinct().Order()]));

    private static float[] Numbers(System.Random random, int kind, int length) => [.. Enumerable.Range(0, length).Select(_ => kind switch
    {
        0 => (float)((random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-8, 3))),
        1 => random.Next(-2, 3) * 0.25f,
        2 => 0f,
        3 => random.Next(2) == 0 ? 0 : random.NextSingle() - 0.5f,
        4 => (float)((random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-44, -30))),
        _ => random.NextSingle() - 0.5f,
    })];
}
