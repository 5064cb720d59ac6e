using OrleansPs.Core.Compression;

namespace OrleansPs.Core.Tests.Compression;

/// <summary>The codecs as plain loops over one element at a time, written from their descriptions: what the vectors must give, bit for bit.</summary>
internal static class ScalarCodecs
{
    private const int Chunk = 256;

    /// <summary>The nearest bfloat16, by trying both neighbours.</summary>
    public static float Bf16(float value)
    {
        if (!float.IsFinite(value)) return value;
        var down = BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(value) & 0xffff0000);
        var up = BitConverter.UInt32BitsToSingle((BitConverter.SingleToUInt32Bits(value) & 0xffff0000) + 0x10000);
        if (!float.IsFinite(up)) return down;
        var (below, above) = (Math.Abs((double)value - down), Math.Abs((double)up - value));
        if (below != above) return below < above ? down : up;
        return (BitConverter.SingleToUInt32Bits(down) & 0x10000) == 0 ? down : up;
    }

    /// <summary>What is received of a parameter.</summary>
    public static float[] Int8(ReadOnlySpan<float> values, RoundingKey key) => Int8(values, (quotient, index) => MathF.Floor(quotient + key.At(index)));

    /// <summary>The same, rounded to the nearest.</summary>
    public static float[] Int8Nearest(ReadOnlySpan<float> values) => Int8(values, (quotient, _) => MathF.Round(quotient));

    private static float[] Int8(ReadOnlySpan<float> values, Func<float, uint, float> round)
    {
        var received = new float[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var largest = LargestOf(values[(i / Chunk * Chunk)..Math.Min((i / Chunk + 1) * Chunk, values.Length)]);
            var scale = largest / 127;
            if (!float.IsFinite(scale * 127)) scale = MathF.BitDecrement(scale);
            received[i] = float.IsFinite(largest) ? (int)Math.Clamp(round(values[i] * (127 / largest), (uint)i), -127, 127) * scale : float.NaN;
            if (!float.IsNormal(largest / 127) && float.IsFinite(largest)) received[i] = 0;
        }
        return received;
    }

    /// <summary>What is received of a parameter: the mean of its chunk's elements of its sign.</summary>
    public static float[] OneBit(ReadOnlySpan<float> values)
    {
        var received = new float[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var chunk = values[(i / Chunk * Chunk)..Math.Min((i / Chunk + 1) * Chunk, values.Length)];
            received[i] = MeanOf(chunk, values[i] >= 0);
        }
        return received;
    }

    /// <summary>What is received of a parameter: the k largest, by a stable sort.</summary>
    public static float[] TopK(float[] values, int k)
    {
        var received = new float[values.Length];
        foreach (var i in Enumerable.Range(0, values.Length).OrderByDescending(i => MathF.Abs(values[i])).Take(k)) received[i] = values[i];
        return received;
    }

    private static float LargestOf(ReadOnlySpan<float> chunk)
    {
        var largest = 0f;
        foreach (var value in chunk) largest = float.IsFinite(value) ? Math.Max(largest, MathF.Abs(value)) : float.NaN;
        foreach (var value in chunk)
            if (!float.IsFinite(value)) return float.NaN;
        return largest;
    }

    // In sixteen lanes that are added pairwise.
    private static float MeanOf(ReadOnlySpan<float> chunk, bool positive)
    {
        var (lanes, count) = (new float[16], 0);
        for (var i = 0; i < chunk.Length; i++)
        {
            if (chunk[i] >= 0 != positive) continue;
            lanes[i % 16] += chunk[i];
            count++;
        }
        for (var half = 8; half >= 1; half /= 2)
            for (var lane = 0; lane < half; lane++) lanes[lane] += lanes[lane + half];
        return lanes[0] / count;
    }
}
