using System.Globalization;

namespace OrleansPs.Train.Report.Charts;

/// <summary>A mark on an axis.</summary>
internal readonly record struct Tick(double Value, string Label);

/// <summary>Where an axis has its marks: at 1, 2 or 5 times a power of ten, so that a reader can count by them.</summary>
internal static class Ticks
{
    /// <summary>The round step that divides a range into at most so many parts.</summary>
    public static double Step(double range, int parts)
    {
        var rough = range / parts;
        var power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        return new[] { 1, 2, 5 }.Select(m => m * power).FirstOrDefault(step => step >= rough * 0.999999, 10 * power);
    }

    /// <summary>All multiples of a step in a range.</summary>
    public static double[] Linear(double min, double max, double step)
    {
        var first = Math.Ceiling((min / step) - 1e-6);
        var count = (int)Math.Max(0, Math.Floor((max / step) + 1e-6) - first + 1);
        return [.. Enumerable.Range(0, count).Select(i => Multiple(first + i, step))];
    }

    /// <summary>Round values in a range above 0, evenly spread by their logarithm: as many as fit, about.</summary>
    public static double[] Logarithmic(double min, double max, int about)
    {
        var decades = Enumerable.Range((int)Math.Floor(Math.Log10(min)), (int)(Math.Log10(max) - Math.Log10(min)) + 2).ToArray();
        double[][] choices = [[1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9], [1, 1.5, 2, 3, 5, 7], [1, 2, 5], [1, 3], [1]];
        var ticks = choices.Select(Marks).FirstOrDefault(marks => marks.Length <= about);
        return ticks ?? Marks([1]).Where((_, i) => i % (int)Math.Ceiling(decades.Length / (double)about) == 0).ToArray();

        double[] Marks(double[] digits) =>
            [.. decades.SelectMany(d => digits.Select(m => m * Math.Pow(10, d))).Where(v => v >= min * 0.999999 && v <= max * 1.000001)];
    }

    /// <summary>The labels of marks, all in one unit and with as many decimals as tell them apart.</summary>
    public static IReadOnlyList<Tick> Labelled(IReadOnlyList<double> values, bool percent = false)
    {
        var largest = values.Select(Math.Abs).DefaultIfEmpty(0).Max();
        var (unit, suffix) = percent ? (0.01, "%") : largest >= 1e6 ? (1e6, "M") : largest >= 1e4 ? (1e3, "k") : (1, "");
        var step = values.Skip(1).Select((v, i) => v - values[i]).DefaultIfEmpty(largest).Min() / unit;
        var format = largest >= 1e10 || step < 1e-5 ? Exponent(values, step * unit) : Decimals(step);
        return [.. values.Select(v => new Tick(v, Label(v, unit, suffix, format)))];
    }

    /// <summary>The labels of logarithmic marks: each as short as it can be.</summary>
    public static IReadOnlyList<Tick> LabelledOneByOne(IReadOnlyList<double> values) =>
        [.. values.Select(v => new Tick(v, v.ToString(v is >= 1e-4 and < 1e4 ? "0.#####" : "0.##e0", CultureInfo.InvariantCulture)))];

    private static string Label(double value, double unit, string suffix, string format) => value == 0 && suffix != "%"
        ? "0"
        : (format.Contains('e') ? value : value / unit).ToString(format, CultureInfo.InvariantCulture) + (format.Contains('e') ? "" : suffix);

    // 3 x 0.1 is not the nearest number to 0.3; dividing by the inverse of a small step is.
    private static double Multiple(double n, double step) => step < 1 ? n / Math.Round(1 / step) : n * step;

    // With two decimals, or with as many more as it takes to say the marks exactly.
    private static string Exponent(IReadOnlyList<double> values, double step)
    {
        var formats = Enumerable.Range(2, 14).Select(decimals => $"0.{new string('#', decimals)}e0").ToArray();
        return formats.FirstOrDefault(format => values.All(value => Math.Abs(Said(value, format) - value) < step * 1e-3), formats[^1]);
    }

    private static double Said(double value, string format) =>
        double.Parse(value.ToString(format, CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private static string Decimals(double step)
    {
        var decimals = Enumerable.Range(0, 6).FirstOrDefault(d => Math.Abs((step * Math.Pow(10, d)) - Math.Round(step * Math.Pow(10, d))) < 1e-6, 6);
        return decimals == 0 ? "#,0" : "0." + new string('0', decimals);
    }
}
