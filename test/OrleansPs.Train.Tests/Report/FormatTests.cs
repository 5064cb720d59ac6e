using OrleansPs.Train.Report;

namespace OrleansPs.Train.Tests.Report;

/// <summary>Numbers print with the digits that mean something, and a dash where there is none.</summary>
public sealed class FormatTests
{
    [Theory]
    [InlineData(0.0, "0 ms")]
    [InlineData(0.042, "42 ms")]
    [InlineData(0.9999, "1.0 s")]
    [InlineData(2.345, "2.3 s")]
    [InlineData(12.34, "12.3 s")]
    [InlineData(99.96, "1 min 40 s")]
    [InlineData(119.6, "2 min 00 s")]
    [InlineData(3599.9, "1 h 00 min")]
    [InlineData(7384.0, "2 h 03 min")]
    [InlineData(double.NaN, "–")]
    [InlineData(double.PositiveInfinity, "–")]
    [InlineData(-1.0, "–")]
    [InlineData(null, "–")]
    public void Seconds(double? value, string text) => Assert.Equal(text, Format.Seconds(value));

    [Theory]
    [InlineData(0.8436, "84.4%")]
    [InlineData(1.0, "100.0%")]
    [InlineData(double.NaN, "–")]
    [InlineData(null, "–")]
    public void Shares(double? value, string text) => Assert.Equal(text, Format.Share(value));

    [Theory]
    [InlineData(0.84361, "84.36%")]
    [InlineData(double.NaN, "–")]
    [InlineData(null, "–")]
    public void Accuracies(double? value, string text) => Assert.Equal(text, Format.Accuracy(value));

    [Theory]
    [InlineData(0.4217, "0.422")]
    [InlineData(0.01234, "0.0123")]
    [InlineData(2.5e7, "2.5e7")]
    [InlineData(double.NaN, "not a number")]
    [InlineData(double.PositiveInfinity, "infinite")]
    public void Losses(double value, string text) => Assert.Equal(text, Format.Loss(value));

    [Theory]
    [InlineData(230400, "230,400")]
    [InlineData(double.NaN, "–")]
    [InlineData(double.PositiveInfinity, "–")]
    public void Counts(double value, string text) => Assert.Equal(text, Format.Count(value));

    [Theory]
    [InlineData("")]
    [InlineData("a", "a")]
    [InlineData("a and b", "a", "b")]
    [InlineData("a, b and c", "a", "b", "c")]
    public void Lists(string text, params string[] names) => Assert.Equal(text, Format.List(names));
}
