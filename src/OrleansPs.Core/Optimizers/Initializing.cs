using System.Numerics;
using System.Text;

namespace OrleansPs.Core.Optimizers;

/// <summary>
/// The first values of parameters, as pure functions of (seed, parameter name, element index).
/// </summary>
/// <remarks>
/// <para>
/// Element i of a stream takes output i of SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number
/// Generators", OOPSLA 2014), which is a hash of a counter: mix(key + (i + 1) gamma). The key is
/// mix(mix(seed + gamma) xor FNV-1a-64(name in UTF-8)).
/// </para>
/// <para>
/// Both kinds use the top 52 bits. Uniform values are low + (high - low) bits / 2^52, rounded to float and kept below
/// high. Normal values invert the distribution function at (bits + 1/2) / 2^52, which never is 0 or 1, by
/// Wichura's PPND7 (algorithm AS 241, Applied Statistics 37, 1988; about 7 digits). Additions, multiplications,
/// divisions and square roots in double are all there is, so the bits do not depend on a platform's mathematical library.
/// The values are frozen: a change would give every existing model other initial values.
/// </para>
/// </remarks>
public static class Initializing
{
    private const ulong Gamma = 0x9E3779B97F4A7C15;
    private const double Unit = 1.0 / (1L << 52);

    /// <summary>Fills a slice of a parameter with its first values.</summary>
    /// <param name="initializer">The initializer, already validated with its spec; null stands for zeros.</param>
    /// <param name="seed">The model's seed.</param>
    /// <param name="parameter">The parameter's name.</param>
    /// <param name="shape">The parameter's shape, from which fans are computed.</param>
    /// <param name="start">The index in the parameter of the slice's first element.</param>
    /// <param name="destination">The slice; changed.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The start is negative or the initializer of an unknown kind; nothing has been changed.
    /// </exception>
    public static void Fill(
        Initializer? initializer, ulong seed, string parameter, IReadOnlyList<int> shape, int start, Span<float> destination)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        switch (initializer)
        {
            case null: destination.Clear(); break;
            case ConstantInitializer c: destination.Fill(c.Value); break;
            case UniformInitializer u: FillUniform(u.Low, u.High, Counter(seed, parameter, start), destination); break;
            case NormalInitializer n: FillNormal(n.Mean, n.Std, Counter(seed, parameter, start), destination); break;
            case ScaledInitializer s: FillScaled(s, shape, Counter(seed, parameter, start), destination); break;
            default: throw new ArgumentOutOfRangeException(nameof(initializer), initializer, "The initializer is unknown.");
        }
    }

    /// <summary>Fills a row of a table with its first values: the stream of the table, with the key mixed into its key.</summary>
    /// <param name="initializer">The initializer, already validated with its spec; null stands for zeros.</param>
    /// <param name="stream">The table's stream, of <see cref="StreamOf"/>.</param>
    /// <param name="key">The row's key.</param>
    /// <param name="row">The row; changed. Fans are its length.</param>
    internal static void FillRow(Initializer? initializer, ulong stream, long key, Span<float> row)
    {
        var counter = Mix(stream ^ Mix((ulong)key + Gamma)) + Gamma;
        switch (initializer)
        {
            case null: row.Clear(); break;
            case ConstantInitializer c: row.Fill(c.Value); break;
            case UniformInitializer u: FillUniform(u.Low, u.High, counter, row); break;
            case NormalInitializer n: FillNormal(n.Mean, n.Std, counter, row); break;
            case ScaledInitializer s: FillScaled(s, [row.Length], counter, row); break;
            default: throw new ArgumentOutOfRangeException(nameof(initializer), initializer, "The initializer is unknown.");
        }
    }

    /// <summary>The stream of a parameter or table under a seed.</summary>
    internal static ulong StreamOf(ulong seed, string name) => Mix(Mix(seed + Gamma) ^ Fnv1a(name));

    private static void FillScaled(ScaledInitializer scaled, IReadOnlyList<int> shape, ulong counter, Span<float> destination)
    {
        var (fanIn, fanOut) = Fans(shape);
        var fan = scaled.Fan == FanMode.In ? fanIn : (fanIn + fanOut) / 2;
        var bound = (float)(scaled.Gain * Math.Sqrt(3 / fan));
        if (scaled.IsNormal) FillNormal(0, (float)(scaled.Gain / Math.Sqrt(fan)), counter, destination);
        else FillUniform(-bound, bound, counter, destination);
    }

    private static (double In, double Out) Fans(IReadOnlyList<int> shape)
    {
        var elements = shape.Aggregate(1.0, (product, d) => product * d);
        return shape.Count < 2 ? (elements, elements) : (elements / shape[^1], shape[^1]);
    }

    private static void FillUniform(float low, float high, ulong counter, Span<float> destination)
    {
        var range = (double)high - low;
        var largest = low < high ? MathF.BitDecrement(high) : low;
        foreach (ref var value in destination)
        {
            value = Math.Min((float)(low + (range * Bits(counter) * Unit)), largest);
            counter += Gamma;
        }
    }

    private static void FillNormal(double mean, double std, ulong counter, Span<float> destination)
    {
        foreach (ref var value in destination)
        {
            value = (float)(mean + (std * NormalQuantile.At((Bits(counter) + 0.5) * Unit)));
            counter += Gamma;
        }
    }

    private static ulong Counter(ulong seed, string parameter, int start) =>
        StreamOf(seed, parameter) + (((ulong)start + 1) * Gamma);

    private static double Bits(ulong counter) => (long)(Mix(counter) >> 12);

    internal static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    internal static ulong Fnv1a(string text)
    {
        var hash = 0xCBF29CE484222325;
        foreach (var b in Encoding.UTF8.GetBytes(text)) hash = (hash ^ b) * 0x100000001B3;
        return hash;
    }
}
