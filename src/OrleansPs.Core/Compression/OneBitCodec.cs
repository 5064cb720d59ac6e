using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace OrleansPs.Core.Compression;

/// <summary>
/// The sign of each element, and for each chunk the means of its elements >= 0 and of those below (Seide et al. 2014, with the threshold 0): of all pairs of
/// values the pair with the least squared error. The code of a piece: both means of each of its chunks, then a bit an element, 1 for >= 0, the first in a byte's lowest.
/// </summary>
/// <remarks>
/// Meant for error feedback: <see cref="Subtract"/>. A mean is summed in 16 lanes, element i in lane i mod 16, and the lanes are added pairwise: the
/// order of <see cref="Optimizers.GradientMath.SumOfSquares"/>. Elements must be finite.
/// </remarks>
public static class OneBitCodec
{
    private const int Lanes = 16;

    /// <summary>The bytes of a piece's code.</summary>
    /// <param name="start">The piece's first element in its parameter.</param>
    /// <param name="length">Its elements.</param>
    public static long BytesOf(int start, int length) => MeansBytes(start, length) + (((long)length + 7) / 8);

    /// <summary>Encodes a piece of a parameter.</summary>
    /// <param name="parameter">The whole gradient: chunks that a piece shares with the next are measured whole.</param>
    /// <param name="start">The piece's first element.</param>
    /// <param name="length">Its elements.</param>
    /// <param name="code">As long as <see cref="BytesOf"/> says.</param>
    public static void Encode(ReadOnlySpan<float> parameter, int start, int length, Span<byte> code)
    {
        var means = MemoryMarshal.Cast<byte, float>(code[..MeansBytes(start, length)]);
        for (int from = start, c = 0; from < start + length; from = Chunks.EndOf(from, start + length), c++)
            (means[2 * c], means[(2 * c) + 1]) = MeansOf(Chunks.Of(parameter, from));
        WriteSigns(parameter.Slice(start, length), code[(means.Length * sizeof(float))..]);
    }

    /// <summary>What is received.</summary>
    /// <param name="code">A code of as many bytes as <see cref="BytesOf"/> says.</param>
    /// <param name="start">The piece's first element in its parameter.</param>
    /// <param name="values">The piece; changed.</param>
    public static void Decode(ReadOnlySpan<byte> code, int start, Span<float> values) => Apply(code, start, values, isDifference: false);

    /// <summary>Takes what is received away from what was to be sent.</summary>
    /// <param name="code">A code of as many bytes as <see cref="BytesOf"/> says.</param>
    /// <param name="start">The piece's first element in its parameter.</param>
    /// <param name="values">The piece that was encoded; becomes its residual.</param>
    public static void Subtract(ReadOnlySpan<byte> code, int start, Span<float> values) => Apply(code, start, values, isDifference: true);

    private static int MeansBytes(int start, int length) => Chunks.CountOf(start, length) * 2 * sizeof(float);

    private static (float Positive, float Negative) MeansOf(ReadOnlySpan<float> chunk)
    {
        ref var source = ref MemoryMarshal.GetReference(chunk);
        Vector512<float> positive = default, negative = default;
        var (count, i) = (0, 0);
        for (; i + Lanes <= chunk.Length; i += Lanes) count += Add(Vector512.LoadUnsafe(ref source, (nuint)i), ref positive, ref negative);
        if (i < chunk.Length)
        {
            // The zeros that fill the vector are counted among the positive ones.
            Span<float> rest = stackalloc float[Lanes];
            rest.Clear();
            chunk[i..].CopyTo(rest);
            count += Add(Vector512.Create<float>(rest), ref positive, ref negative) - (i + Lanes - chunk.Length);
        }
        var (sum, below) = (SumOf(positive), SumOf(negative));
        if (!float.IsFinite(sum) || !float.IsFinite(below)) return MeansInDouble(chunk, count);
        return (count == 0 ? 0 : sum / count, count == chunk.Length ? 0 : below / (chunk.Length - count));
    }

    private static int Add(Vector512<float> values, ref Vector512<float> positive, ref Vector512<float> negative)
    {
        var above = Vector512.GreaterThanOrEqual(values, Vector512<float>.Zero);
        positive += values & above;
        negative += Vector512.AndNot(values, above);
        return BitOperations.PopCount(above.ExtractMostSignificantBits());
    }

    private static float SumOf(Vector512<float> lanes)
    {
        var eight = lanes.GetLower() + lanes.GetUpper();
        var four = eight.GetLower() + eight.GetUpper();
        return (four[0] + four[2]) + (four[1] + four[3]);
    }

    // A mean is a float even where the sum is none.
    private static (float Positive, float Negative) MeansInDouble(ReadOnlySpan<float> chunk, int count)
    {
        var (sum, below) = (0.0, 0.0);
        foreach (var value in chunk)
        {
            if (value >= 0) sum += value;
            else below += value;
        }
        return (count == 0 ? 0 : (float)(sum / count), count == chunk.Length ? 0 : (float)(below / (chunk.Length - count)));
    }

    private static void WriteSigns(ReadOnlySpan<float> values, Span<byte> bits)
    {
        ref var source = ref MemoryMarshal.GetReference(values);
        var i = 0;
        for (; i + Lanes <= values.Length; i += Lanes)
        {
            var above = Vector512.GreaterThanOrEqual(Vector512.LoadUnsafe(ref source, (nuint)i), Vector512<float>.Zero);
            var sixteen = (ushort)above.ExtractMostSignificantBits();
            MemoryMarshal.Write(bits[(i / 8)..], sixteen);
        }
        for (var at = i; at < values.Length; at += 8)
        {
            var eight = 0;
            for (var bit = 0; bit < Math.Min(8, values.Length - at); bit++) eight |= values[at + bit] >= 0 ? 1 << bit : 0;
            bits[at / 8] = (byte)eight;
        }
    }

    private static void Apply(ReadOnlySpan<byte> code, int start, Span<float> values, bool isDifference)
    {
        var means = MemoryMarshal.Cast<byte, float>(code[..MeansBytes(start, values.Length)]);
        var bits = code[(means.Length * sizeof(float))..];
        for (int from = 0, to, c = 0; from < values.Length; from = to, c++)
        {
            to = Chunks.EndOf(start + from, start + values.Length) - start;
            Apply(bits, from, values[from..to], means[2 * c], means[(2 * c) + 1], isDifference);
        }
    }

    private static void Apply(ReadOnlySpan<byte> bits, int first, Span<float> values, float positive, float negative, bool isDifference)
    {
        ref var destination = ref MemoryMarshal.GetReference(values);
        var ones = Vector512.Create(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768);
        var (above, below) = (Vector512.Create(positive), Vector512.Create(negative));
        var i = 0;
        for (; i + Lanes <= values.Length && ((first + i) / 8) + sizeof(uint) <= bits.Length; i += Lanes)
        {
            var sixteen = MemoryMarshal.Read<uint>(bits[((first + i) / 8)..]) >> ((first + i) % 8);
            var isAbove = Vector512.Equals(Vector512.Create((int)sixteen) & ones, ones).AsSingle();
            var received = Vector512.ConditionalSelect(isAbove, above, below);
            if (isDifference) received = Vector512.LoadUnsafe(ref destination, (nuint)i) - received;
            received.StoreUnsafe(ref destination, (nuint)i);
        }
        for (; i < values.Length; i++)
        {
            var received = (bits[(first + i) / 8] >> ((first + i) % 8) & 1) != 0 ? positive : negative;
            values[i] = isDifference ? values[i] - received : received;
        }
    }
}
