using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Tables;

namespace OrleansPs.Core.Tests.Tables;

/// <summary>A sketch never counts too little until it ages, and rarely too much.</summary>
public class AdmissionSketchTests
{
    [Fact]
    public void It_never_counts_too_little_while_it_does_not_age()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var random = new Random(seed);
            var (sketch, counts) = (new AdmissionSketch(1024), new Dictionary<long, int>());
            long[] keys = Keys.OfShard(random, 120, 0, 1);
            for (var i = 0; i < 5000; i++)
            {
                var key = keys[random.Next(keys.Length)];
                var exact = counts[key] = counts.GetValueOrDefault(key) + 1;
                Assert.InRange(sketch.Touch(KeyHash.Of(key)), Math.Min(exact, 255), 255);
            }
        }
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(8, 5)]
    [InlineData(4096, 4095)]
    public void It_rarely_counts_too_much_whatever_the_shard(int shards, int shard)
    {
        var (sketch, tooMuch) = (new AdmissionSketch(1024), 0);
        // A quarter of the counters of each row: a key alone collides in all four of them about once in 256 times.
        foreach (var key in Keys.OfShard(new(7), 64, shard, shards)) sketch.Touch(KeyHash.Of(key));
        foreach (var key in Keys.OfShard(new(8), 500, shard, shards))
            if (AdmissionSketch.From(sketch.Counters).Touch(KeyHash.Of(key)) > 1) tooMuch++;
        Assert.InRange(tooMuch, 0, 12);
    }

    [Fact]
    public void A_count_ends_at_255()
    {
        var sketch = new AdmissionSketch(1024);
        for (var i = 1; i <= 300; i++) Assert.Equal(Math.Min(i, 255), sketch.Touch(12345));
    }

    [Fact]
    public void All_counters_are_halved_when_half_of_them_are_in_use()
    {
        var sketch = new AdmissionSketch(1024);
        for (var i = 0; i < 9; i++) sketch.Touch(KeyHash.Of(-1));
        var others = 0;
        for (byte[] before; ; others++)
        {
            before = sketch.Counters.ToArray();
            sketch.Touch(KeyHash.Of(others));
            if (Used(sketch.Counters) < Used(before)) break;
            Assert.InRange(Used(sketch.Counters), 0, 512);
        }
        Assert.InRange(others, 128, 300);
        // The ninth was counted before, and half of nine is four.
        Assert.InRange(sketch.Touch(KeyHash.Of(-1)), 5, 6);
    }

    [Fact]
    public void A_copy_counts_on_by_itself()
    {
        var random = new Random(3);
        var sketch = new AdmissionSketch(1024);
        for (var i = 0; i < 100; i++) sketch.Touch((ulong)random.NextInt64());
        var (copy, before) = (AdmissionSketch.From(sketch.Counters), sketch.Counters.ToArray());
        for (var i = 0; i < 2000; i++) copy.Touch((ulong)new Random(i % 300).NextInt64());
        Assert.Equal(before, sketch.Counters.ToArray());
        for (var i = 0; i < 2000; i++) sketch.Touch((ulong)new Random(i % 300).NextInt64());
        Assert.Equal(copy.Counters.ToArray(), sketch.Counters.ToArray());
    }

    [Theory]
    [InlineData(4096, 4096)]
    [InlineData(4099, 4096)]
    [InlineData(4100, 4100)]
    public void Its_bytes_are_a_multiple_of_its_rows(int most, int bytes) => Assert.Equal(bytes, AdmissionSketch.BytesFor(most));

    private static int Used(ReadOnlySpan<byte> counters) => counters.Length - counters.Count((byte)0);
}
