using System.Globalization;
using OrleansPs.Train.Report;

namespace OrleansPs.Train;

/// <summary>How numbers are shown, the same on every machine.</summary>
internal static class Texts
{
    public static string Of(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    public static string Percent(double share) => Format.RoughShare(share);

    public static string Mean(double mean) => double.IsFinite(mean) ? Of($"{mean:0.00}") : Format.Nothing;

    public static string Loss(double loss) => double.IsFinite(loss) ? Of($"{loss:0.000}") : "-";

    public static string Count(double number) => Of($"{number:#,0}");

    /// <summary>Says that a policy came in force.</summary>
    public static string InForce(PolicySpan policy) => Of($"{policy.Policy} in force from epoch {policy.Epoch:0.00}, at {Seconds(policy.Seconds)}");

    public static string Many(int number, string thing) => Of($"{number} {thing}{(number == 1 ? "" : "s")}");

    public static string Seconds(double seconds) => Of($"{seconds:0.0} s");

    public static string Duration(TimeSpan? time) => time is not { } left ? "-"
        : left.TotalHours >= 1 ? Of($"{(int)left.TotalHours}:{left.Minutes:00}:{left.Seconds:00}")
        : Of($"{left.Minutes}:{left.Seconds:00}");
}
