using System.Globalization;
using OrleansPs.Core.Snapshots;
using OrleansPs.Core.Tables;

namespace OrleansPs.Core.Tests.Tables;

/// <summary>What changed since a cut, and the whole of both.</summary>
public class TableDeltaTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_delta_and_its_base_are_the_whole(bool ages)
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var from = Image(random, ages, cut: 5, Enumerable.Range(0, 60).Where(_ => random.Next(2) == 0).ToDictionary(k => (long)k, _ => random.Next(5)));
            var rows = Enumerable.Range(0, 60).Where(k => Has(from, k) ? !ages || random.Next(8) > 0 : random.Next(8) == 0)
                .ToDictionary(k => (long)k, k => Has(from, k) && random.Next(4) > 0 ? -1 : 5 + random.Next(3));
            var whole = Image(random, ages, cut: 9, rows, from);

            if (TableDelta.Since(whole, 5) is not { } delta)
            {
                Assert.True(rows.Values.Count(c => c >= 5) * 2 > rows.Count, $"seed {seed}");
                continue;
            }
            Assert.Equal(rows.Values.Count(c => c >= 5), delta.Rows!.Count);
            Same(whole, TableDelta.Apply(from, Recoded(delta))!, seed);
        }
    }

    [Fact]
    public void What_does_not_fit_together_is_no_whole()
    {
        var random = new Random(1);
        var from = Image(random, ages: true, 5, new() { [1] = 2, [2] = 3, [3] = 3, [4] = 3 });
        var whole = Image(random, ages: true, 9, new() { [1] = -1, [2] = -1, [3] = 7, [4] = -1 }, from);
        var delta = TableDelta.Since(whole, 5)!;

        Assert.NotNull(TableDelta.Apply(from, delta));
        Assert.Null(TableDelta.Apply(delta, delta));
        Assert.Null(TableDelta.Apply(from, whole));
        Assert.Null(TableDelta.Apply(Image(random, ages: false, 5, new() { [1] = 2, [2] = 3, [4] = 3 }), delta));
        // A row remains that neither has.
        Assert.Null(TableDelta.Apply(Image(random, ages: true, 5, new() { [1] = 2, [4] = 3 }), delta));
    }

    [Fact]
    public void A_chunk_says_which_base_it_rests_on_and_takes_no_other()
    {
        var random = new Random(2);
        var from = Image(random, ages: false, 5, new() { [1] = 2, [2] = 3, [3] = 1 });
        var whole = Image(random, ages: false, 9, new() { [1] = -1, [2] = 8, [3] = -1 }, from);
        var (below, belowBytes) = Chunk(from, 5);
        var (top, topBytes) = Chunk(TableDelta.Since(whole, 5)!, 9);
        var (foreign, foreignBytes) = Chunk(from, 6);

        Same(whole, WholeChunk.Decode("m", top with { Base = below }, topBytes, belowBytes), 0);
        var (chunk, bytes) = WholeChunk.Encode("m", top with { Base = below }, topBytes, belowBytes);
        Assert.Null(chunk.Base);
        Same(whole, WholeChunk.Decode("m", chunk, bytes), 0);
        var e = Assert.Throws<SnapshotCorruptException>(() => WholeChunk.Decode("m", top with { Base = foreign }, topBytes, foreignBytes));
        Assert.Contains("it is no delta of g0-c6-b3-e0", e.Message, StringComparison.Ordinal);
    }

    private static bool Has(BlockImage image, long key) => image.Rows!.Keys.AsSpan(0, image.Rows.Count).Contains(key);

    /// <summary>A shard's image. For each key the cut after which it changed; -1 for the record that the base has.</summary>
    private static BlockImage Image(Random random, bool ages, long cut, Dictionary<long, int> rows, BlockImage? from = null)
    {
        var keys = rows.Keys.Order().ToArray();
        var image = new TableImage
        {
            Count = keys.Length, Width = 2, StateFloats = 1, CountsUpdates = false, Ages = ages, Clock = cut, Keys = keys,
            Records = new float[keys.Length * (ages ? 5 : 4)],
        };
        for (var i = 0; i < keys.Length; i++)
        {
            var record = image.RecordOf(i);
            if (rows[keys[i]] < 0)
            {
                from!.Rows!.RecordOf(Array.IndexOf(from.Rows.Keys, keys[i], 0, from.Rows.Count)).CopyTo(record);
                continue;
            }
            foreach (ref var value in record) value = random.NextSingle();
            record[^1] = BitConverter.Int32BitsToSingle(rows[keys[i]]);
        }
        return new() { Block = 3, Length = 0, Version = cut, EntryIndex = 10 * cut, Values = [], Segments = [], Dedupe = [], Rows = image };
    }

    private static BlockImage Recoded(BlockImage image)
    {
        var bytes = new byte[BlockImageCodec.GetEncodedLength(image)];
        BlockImageCodec.Encode(image, "m", 0, 9, 0, bytes);
        return BlockImageCodec.Decode(bytes, "chunk", null);
    }

    private static (ChunkRecord Chunk, byte[] Bytes) Chunk(BlockImage image, long cut)
    {
        var bytes = new byte[BlockImageCodec.GetEncodedLength(image)];
        BlockImageCodec.Encode(image, "m", 0, cut, 0, bytes);
        return (new(3, string.Create(CultureInfo.InvariantCulture, $"g0-c{cut}-b3-e0"), bytes.Length, new string('0', 64)), bytes);
    }

    private static void Same(BlockImage expected, BlockImage actual, int seed)
    {
        var (e, a) = (expected.Rows!, actual.Rows!);
        Assert.True(e.Keys.AsSpan(0, e.Count).SequenceEqual(a.Keys.AsSpan(0, a.Count)), $"seed {seed}");
        for (var i = 0; i < e.Count; i++) Assert.Equal(e.RecordOf(i).ToArray(), a.RecordOf(i).ToArray());
        Assert.Equal((expected.Version, expected.EntryIndex, e.Clock, -1L), (actual.Version, actual.EntryIndex, a.Clock, a.BaseCut));
    }
}
