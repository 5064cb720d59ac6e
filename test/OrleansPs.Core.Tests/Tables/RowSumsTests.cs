using FsCheck.Xunit;
using OrleansPs.Core.Tables;
using OrleansPs.Core.Tests.Blocks;

namespace OrleansPs.Core.Tests.Tables;

/// <summary>Rows are added up under their keys in the order in which they come.</summary>
public class RowSumsTests
{
    [Property(MaxTest = 60)]
    public void Sums_are_those_of_a_dictionary(int seed)
    {
        var random = new Random(seed);
        var width = random.Next(1, 20);
        var sums = new RowSums(width);
        for (var use = 0; use < 3; use++)
        {
            Compare(sums, width, random, $"seed {seed}, use {use}");
            if (random.Next(2) == 0) sums.Clear();
            else sums.Release();
            Assert.Equal(0, sums.Count);
        }
        sums.Release();
    }

    [Fact]
    public void The_first_row_of_a_key_is_copied_with_its_bits()
    {
        var sums = new RowSums(2);
        sums.Add([5], [-0f, 1]);
        Assert.True(float.IsNegative(sums.Rows[0]));
        sums.Add([5], [-0f, 2]);
        Assert.True(float.IsNegative(sums.Rows[0]));
        Assert.Equal(3, sums.Rows[1]);
        sums.Release();
    }

    private static void Compare(RowSums sums, int width, Random random, string what)
    {
        var expected = new Dictionary<long, float[]>();
        var order = new List<long>();
        long[] known = random.Next(2) == 0 ? Keys.Clustered(random, 100, 3) : Keys.OfShard(random, random.Next(1, 400), 0, 1);
        for (var call = 0; call < 6; call++)
        {
            long[] keys = [.. Enumerable.Range(0, random.Next(200)).Select(_ => known[random.Next(known.Length)])];
            float[] rows = [.. Enumerable.Range(0, keys.Length * width).Select(_ => Any.Float(random))];
            sums.Add(keys, rows);
            for (var i = 0; i < keys.Length; i++) AddTo(keys[i], rows.AsSpan(i * width, width));
        }
        Assert.True(order.SequenceEqual(sums.Keys.ToArray()), what);
        Assert.True(order.SelectMany(k => expected[k]).SequenceEqual(sums.Rows.ToArray()), what);

        void AddTo(long key, ReadOnlySpan<float> row)
        {
            if (expected.TryAdd(key, row.ToArray()))
            {
                order.Add(key);
                return;
            }
            for (var j = 0; j < width; j++) expected[key][j] += row[j];
        }
    }
}
