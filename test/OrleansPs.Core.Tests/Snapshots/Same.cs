using System.Collections;
using System.Reflection;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Core.Tests.Snapshots;

/// <summary>Whether two values are the same to the last bit, found without the code that writes and reads them.</summary>
internal static class Same
{
    public static void Images(BlockImage expected, BlockImage actual)
    {
        Assert.Equal(
            (expected.Block, expected.Length, expected.Version, expected.EntryIndex),
            (actual.Block, actual.Length, actual.Version, actual.EntryIndex));
        Assert.Equal(expected.Segments, actual.Segments);
        Assert.Equal(expected.Rows is null, actual.Rows is null);
        if (expected.Rows is not null) Rows(expected.Rows, actual.Rows!);
        Assert.Equal(expected.Dedupe.Count, actual.Dedupe.Count);
        foreach (var (e, a) in expected.Dedupe.Zip(actual.Dedupe))
        {
            Assert.Equal((e.Rank, e.Incarnation, e.Step), (a.Rank, a.Incarnation, a.Step));
            Assert.Equal(e.Bits, a.Bits);
        }
        Assert.Equal(Bits(expected.Values, expected.Length), Bits(actual.Values, actual.Length));
        Assert.Equal(Bits(expected.Slot0, expected.Length), Bits(actual.Slot0, actual.Length));
        Assert.Equal(Bits(expected.Slot1, expected.Length), Bits(actual.Slot1, actual.Length));
    }

    private static void Rows(TableImage expected, TableImage actual)
    {
        Assert.Equal(
            (expected.Count, expected.Width, expected.StateFloats, expected.CountsUpdates, expected.Ages, expected.Clock, expected.BaseCut),
            (actual.Count, actual.Width, actual.StateFloats, actual.CountsUpdates, actual.Ages, actual.Clock, actual.BaseCut));
        Assert.Equal(expected.Keys.Take(expected.Count), actual.Keys.Take(actual.Count));
        Assert.Equal(Bits(expected.Records, expected.Count * expected.RecordFloats), Bits(actual.Records, actual.Count * actual.RecordFloats));
        Assert.Equal(expected.Sketch, actual.Sketch);
        Assert.Equal(expected.Remaining?.Take(expected.RemainingCount), actual.Remaining?.Take(actual.RemainingCount));
    }

    /// <summary>Compares all public properties, all the way down, so that a property that nobody writes is found too.</summary>
    public static void Values(object? expected, object? actual, string path = "it")
    {
        if (expected is null || actual is null || expected is string or DateTimeOffset || expected.GetType().IsPrimitive
            || expected is TimeSpan || expected.GetType().IsEnum)
        {
            Assert.True(Equals(expected, actual) && IsNegative(expected) == IsNegative(actual), $"{path} was {expected}, is {actual}.");
            return;
        }
        if (expected is IEnumerable list)
        {
            Lists([.. list.Cast<object?>()], [.. ((IEnumerable)actual).Cast<object?>()], path);
            return;
        }
        Assert.True(expected.GetType() == actual.GetType(), $"{path} was a {expected.GetType().Name}, is a {actual.GetType().Name}.");
        foreach (var p in expected.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            // A missing initializer means zeros, and is written so.
            // So does a missing lifetime mean one for ever.
            var before = p.GetValue(expected)
                ?? (p.Name == nameof(DenseParameter.Initializer) ? Initializer.Zeros : p.Name == nameof(EmbeddingTable.Lifetime) ? new RowLifetime() : null);
            Values(before, p.GetValue(actual), $"{path}.{p.Name}");
        }
    }

    private static void Lists(object?[] expected, object?[] actual, string path)
    {
        Assert.True(expected.Length == actual.Length, $"{path} had {expected.Length} items, has {actual.Length}.");
        for (var i = 0; i < expected.Length; i++) Values(expected[i], actual[i], $"{path}[{i}]");
    }

    private static bool IsNegative(object? value) => value switch
    {
        double d => double.IsNegative(d),
        float f => float.IsNegative(f),
        _ => false,
    };

    private static uint[]? Bits(float[]? values, int length) =>
        values?.Take(length).Select(BitConverter.SingleToUInt32Bits).ToArray();
}
