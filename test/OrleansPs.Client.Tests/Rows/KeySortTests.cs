using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace OrleansPs.Client.Tests;

/// <summary>Keys are sorted with their places, equal ones in the order of their places.</summary>
public class KeySortTests
{
    [Property(MaxTest = 300)]
    public Property Any_keys_are_sorted_as_a_stable_sort_does() => Prop.ForAll(
        Gen.Choose(0, 400).SelectMany(count => Gen.OneOf(
            Gen.ArrayOf(Gen.Choose(-3, 3).Select(k => (long)k), count),
            Gen.ArrayOf(Gen.Choose(0, 1 << 20).Select(k => (long)k), count),
            Gen.ArrayOf(ArbMap.Default.GeneratorFor<long>().SelectMany(a => Gen.Choose(0, 63).Select(shift => a << shift)), count),
            Gen.ArrayOf(Gen.Elements(long.MinValue, -1, 0, 1, long.MaxValue), count))).ToArbitrary(),
        IsSortedRight);

    [Theory]
    [InlineData(new long[] { }, true)]
    [InlineData(new long[] { 5 }, true)]
    [InlineData(new long[] { long.MinValue, -1, 0, long.MaxValue }, true)]
    [InlineData(new long[] { 1, 1 }, false)]
    [InlineData(new long[] { 2, 1 }, false)]
    public void Ascending_means_each_key_once(long[] keys, bool expected) => Assert.Equal(expected, KeySort.IsAscending(keys));

    private static bool IsSortedRight(long[] keys)
    {
        var expected = keys.Select((key, place) => (key, place)).OrderBy(k => k.key).ToArray();
        var (sorted, places) = (keys.ToArray(), Enumerable.Range(0, keys.Length).ToArray());
        KeySort.Sort(sorted, places);
        return sorted.Zip(places).SequenceEqual(expected);
    }
}
