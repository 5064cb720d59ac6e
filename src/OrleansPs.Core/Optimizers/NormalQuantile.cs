namespace OrleansPs.Core.Optimizers;

/// <summary>
/// The quantile function of the standard normal distribution: Wichura's PPND7 (algorithm AS 241, Applied Statistics 37,
/// 1988, pp. 477-484), relative error about 1e-7. Uses basic IEEE arithmetic alone, hence the logarithm of its own.
/// </summary>
internal static class NormalQuantile
{
    private const double Ln2 = 0.69314718055994530942;

    /// <summary>The value that a standard normal variable stays below with probability p, which is in (0, 1).</summary>
    public static double At(double p)
    {
        var q = p - 0.5;
        return Math.Abs(q) <= 0.425 ? Centre(q) : Tail(q, q < 0 ? p : 1 - p);
    }

    private static double Centre(double q)
    {
        var r = 0.180625 - (q * q);
        return q * ((((((59.109374720 * r) + 159.29113202) * r) + 50.434271938) * r) + 3.3871327179)
            / ((((((67.187563600 * r) + 78.757757664) * r) + 17.895169469) * r) + 1);
    }

    private static double Tail(double q, double tail)
    {
        var r = Math.Sqrt(-Log(tail));
        var size = r <= 5 ? Near(r - 1.6) : Far(r - 5);
        return q < 0 ? -size : size;
    }

    private static double Near(double r) =>
        ((((((0.17023821103 * r) + 1.3067284816) * r) + 2.7568153900) * r) + 1.4234372777)
        / ((((0.12021132975 * r) + 0.73700164250) * r) + 1);

    private static double Far(double r) =>
        ((((((0.017337203997 * r) + 0.42868294337) * r) + 3.0812263860) * r) + 6.6579051150)
        / ((((0.012258202635 * r) + 0.24197894225) * r) + 1);

    /// <summary>ln x = e ln 2 + 2 artanh((m - 1) / (m + 1)) for x = m 2^e with m in [sqrt(1/2), sqrt 2), by its series.</summary>
    internal static double Log(double x)
    {
        var bits = BitConverter.DoubleToInt64Bits(x) - BitConverter.DoubleToInt64Bits(0.70710678118654752440);
        var e = bits >> 52;
        var m = BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(x) - (e << 52));
        var s = (m - 1) / (m + 1);
        var t = s * s;
        var series = 1 + (t * (1.0 / 3 + (t * (1.0 / 5 + (t * (1.0 / 7 + (t * (1.0 / 9 + (t * (1.0 / 11
            + (t * (1.0 / 13 + (t / 15)))))))))))));
        return (e * Ln2) + (2 * s * series);
    }
}
