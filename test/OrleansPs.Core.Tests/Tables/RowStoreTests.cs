using FsCheck.Xunit;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Tables;

namespace OrleansPs.Core.Tests.Tables;

/// <summary>A store of rows is a dictionary, whatever the keys and the order of what happens.</summary>
public class RowStoreTests
{
    [Property(MaxTest = 60)]
    public void A_key_of_any_hash_can_be_had(ulong hash) => Assert.Equal(hash, KeyHash.Of(Keys.WithHash(hash)));

    [Theory]
    [InlineData(1, 300, 4)]
    [InlineData(3, 40, 2)]
    [InlineData(7, 5000, 64)]
    [InlineData(300, 500, 1)]
    public void It_does_what_a_dictionary_does(int floats, int keys, int slots)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var random = new Random(seed);
            long[] known = seed % 2 == 0 ? Keys.Clustered(random, keys, slots) : Keys.OfShard(random, keys, 0, 1);
            Compare(new(floats), known, random, $"seed {seed}, {floats} floats");
        }
    }

    [Fact]
    public void Removal_closes_a_run_that_wraps_around_the_end()
    {
        // Sixteen slots: a run from 14 over the end to 2, in which the keys of slot 15 stand before and behind the end.
        long[] keys = [.. new[] { 14, 14, 15, 15, 0, 1 }.Select((slot, i) => Keys.WithHash(((ulong)(i + 1) << 40) | (uint)slot))];
        foreach (var removed in keys)
        {
            var store = new RowStore(1);
            foreach (var key in keys) store.Record(store.Add(key))[0] = key;
            store.Remove(store.Find(removed));
            foreach (var key in keys)
            {
                var row = store.Find(key);
                Assert.Equal(key == removed, row < 0);
                if (row >= 0) Assert.Equal((key, (float)key), (store.KeyOf(row), store.Record(row)[0]));
            }
            store.Release();
        }
    }

    [Fact]
    public void A_row_keeps_its_number_and_its_record_while_the_store_grows()
    {
        var store = new RowStore(5);
        var first = store.Add(42);
        store.Record(first).Fill(1.5f);
        for (var key = 1000; key < 40_000; key++) store.Record(store.Add(key)).Fill(key);
        Assert.Equal(first, store.Find(42));
        Assert.Equal([1.5f, 1.5f, 1.5f, 1.5f, 1.5f], store.Record(first).ToArray());
        Assert.Equal(39_001, store.Count);
        Assert.InRange(store.Bytes, 39_001L * ((5 * sizeof(float)) + sizeof(long) + sizeof(int)), 39_001L * 100);
        store.Release();
    }

    [Fact]
    public void What_was_removed_is_room_for_others()
    {
        var store = new RowStore(16);
        for (var key = 0; key < 2000; key++) store.Add(key);
        var bytes = store.Bytes;
        for (var round = 0; round < 20; round++)
        {
            for (var key = 0; key < 2000; key++) store.Remove(store.Find((round * 10_000L) + key));
            Assert.Equal(0, store.Count);
            for (var key = 0; key < 2000; key++) store.Add(((round + 1) * 10_000L) + key);
        }
        Assert.Equal(bytes, store.Bytes);
        store.Release();
    }

    private static void Compare(RowStore store, long[] keys, Random random, string what)
    {
        var expected = new Dictionary<long, (int Row, float Value)>();
        var removing = 1;
        for (var i = 0; i < 4 * keys.Length; i++)
        {
            if (i % keys.Length == 0) removing = random.Next(1, 9);
            var key = keys[random.Next(keys.Length)];
            Assert.True(expected.TryGetValue(key, out var known) == store.Find(key) >= 0, $"{what}: key {key} after {i}");
            if (known.Value == 0)
            {
                var row = store.Add(key);
                store.Record(row).Fill(i + 1);
                Assert.True(expected.TryAdd(key, (row, i + 1)), what);
            }
            else if (random.Next(10) < removing)
            {
                store.Remove(known.Row);
                expected.Remove(key);
            }
        }
        Check(store, expected, keys, what);
        store.Release();
    }

    private static void Check(RowStore store, Dictionary<long, (int Row, float Value)> expected, long[] keys, string what)
    {
        Assert.Equal(expected.Count, store.Count);
        var found = new int[keys.Length];
        for (var at = 0; at < keys.Length; at += RowStore.Wave)
            store.Find(keys, at, found.AsSpan(at));
        for (var i = 0; i < keys.Length; i++)
        {
            Assert.Equal(store.Find(keys[i]), found[i]);
            Assert.True(found[i] == (expected.TryGetValue(keys[i], out var known) ? known.Row : -1), $"{what}: key {keys[i]}");
            if (found[i] < 0) continue;
            Assert.Equal(keys[i], store.KeyOf(found[i]));
            Assert.True(!store.Record(found[i]).ContainsAnyExcept(known.Value), what);
        }
        var rows = new int[store.Count];
        store.CopyRows(rows);
        Assert.Equal(expected.Values.Select(e => e.Row).Order(), rows.Order());
    }
}
