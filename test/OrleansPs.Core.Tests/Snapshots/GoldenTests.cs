using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using OrleansPs.Core.Snapshots;
using OrleansPs.Core.Specs;

namespace OrleansPs.Core.Tests.Snapshots;

/// <summary>The format of version 1 is frozen: what is written now is what was written then, and both are read.</summary>
public class GoldenTests
{
    public static TheoryData<string> Images => [.. Samples.Images.Select(i => i.Name)];

    public static TheoryData<string> Specs => [.. Samples.Specs.Select(s => s.Name)];

    [Theory]
    [MemberData(nameof(Images))]
    public void A_chunk_has_the_bytes_it_always_had(string name)
    {
        var image = Samples.Images.Single(i => i.Name == name).Image;
        GoldenFile.Check($"chunk-{name}.bin", Samples.Encode(image));
        Same.Images(image, BlockImageCodec.Decode(GoldenFile.Read($"chunk-{name}.bin"), name, Samples.Identity));
    }

    [Fact]
    public void A_manifest_has_the_bytes_it_always_had()
    {
        GoldenFile.Check("manifest.json", ManifestCodec.Encode(Samples.Manifest()));
        Same.Values(Samples.Manifest(), ManifestCodec.Decode(GoldenFile.Read("manifest.json"), "golden"));
    }

    [Fact]
    public void The_smallest_manifest_has_the_bytes_it_always_had()
    {
        GoldenFile.Check("manifest-small.json", ManifestCodec.Encode(Samples.SmallManifest()));
        Same.Values(Samples.SmallManifest(), ManifestCodec.Decode(GoldenFile.Read("manifest-small.json"), "golden"));
    }

    [Theory]
    [MemberData(nameof(Specs))]
    public void A_spec_has_the_bytes_it_always_had(string name)
    {
        var spec = Samples.Specs.Single(s => s.Name == name).Spec;
        GoldenFile.Check($"spec-{name}.json", ModelSpecJson.Encode(spec));
        Same.Values(spec, ModelSpecJson.Decode(GoldenFile.Read($"spec-{name}.json"), "golden"));
    }

    /// <summary>Reads a chunk with the numbers of the format's description alone, and nothing of the code that wrote it.</summary>
    [Fact]
    public void The_fields_of_a_chunk_are_where_the_description_says()
    {
        var chunk = GoldenFile.Read("chunk-full.bin").AsSpan();
        Assert.Equal("OPSBLOCK", Encoding.ASCII.GetString(chunk[..8]));
        Assert.Equal([1, 3], Int32s(chunk, 8, 2));
        Assert.Equal([chunk.Length, 2, 17, 1, 1L << 40, (1L << 40) + 1], Int64s(chunk, 16, 6));
        Assert.Equal([4, 5, 2, 3], Int32s(chunk, 64, 4));
        Assert.Equal([448L], Int64s(chunk, 80, 1));
        Assert.Equal(-1, chunk[88..128].IndexOfAnyExcept((byte)0));
        Assert.Equal("fashion-mnist".PadRight(128, '\0'), Encoding.ASCII.GetString(chunk[128..256]));

        Assert.Equal([3, 77, 0, 2], Int32s(chunk, 256, 4));
        Assert.Equal([41L], Int64s(chunk, 272, 1));
        Assert.Equal([4, 0, 2, 3], Int32s(chunk, 280, 4));
        Assert.Equal([1L << 33], Int64s(chunk, 296, 1));

        Assert.Equal([0, 1], Int32s(chunk, 304, 2));
        Assert.Equal([1L, 99, unchecked((long)0x8000000000000001)], Int64s(chunk, 312, 3));
        Assert.Equal([2, 0], Int32s(chunk, 336, 2));
        Assert.Equal([5L, 0], Int64s(chunk, 344, 2));
        Assert.Equal([9, 3], Int32s(chunk, 360, 2));
        Assert.Equal([1L << 35, 1L << 36, 3, 0, -1], Int64s(chunk, 368, 5));
        Assert.Equal(-1, chunk[408..448].IndexOfAnyExcept((byte)0));

        Assert.Equal([1f, 2, 3, 4, 5], Floats(chunk, 448, 5));
        Assert.Equal([0.5f, 0.25f, 0.125f, -0f, 0f], Floats(chunk, 468, 5));
        Assert.Equal([1e-8f, 1e-20f, 1e-45f, 3e38f, 7f], Floats(chunk, 488, 5));
        Assert.Equal(508 + 32, chunk.Length);
        Assert.Equal(SHA256.HashData(chunk[..508]), chunk[508..].ToArray());
    }

    /// <summary>The same for a chunk of a table's shard.</summary>
    [Fact]
    public void The_fields_of_a_chunk_of_a_table_are_where_the_description_says()
    {
        var chunk = GoldenFile.Read("chunk-rows.bin").AsSpan();
        Assert.Equal("OPSTABLE", Encoding.ASCII.GetString(chunk[..8]));
        Assert.Equal([1, 7], Int32s(chunk, 8, 2));
        Assert.Equal([chunk.Length, 2, 17, 1, 301, 901], Int64s(chunk, 16, 6));
        Assert.Equal([4, 2, 1, 3, 2, 8], Int32s(chunk, 64, 6));
        Assert.Equal([1L << 35, 384, 0], Int64s(chunk, 88, 3));
        Assert.Equal([0], Int32s(chunk, 112, 1));
        Assert.Equal(-1, chunk[116..128].IndexOfAnyExcept((byte)0));
        Assert.Equal("fashion-mnist".PadRight(128, '\0'), Encoding.ASCII.GetString(chunk[128..256]));

        Assert.Equal([0, 1], Int32s(chunk, 256, 2));
        Assert.Equal([1L, 99, unchecked((long)0x8000000000000001)], Int64s(chunk, 264, 3));
        Assert.Equal([9, 3], Int32s(chunk, 288, 2));
        Assert.Equal([1L << 35, 1L << 36, 3, 0, -1], Int64s(chunk, 296, 5));
        Assert.Equal([1, 0, 0, 255, 2, 0, 0, 0], chunk[336..344].ToArray());
        Assert.Equal([long.MinValue, -1, 5], Int64s(chunk, 344, 3));
        Assert.Equal(-1, chunk[368..384].IndexOfAnyExcept((byte)0));

        Assert.Equal([1f, -2, 0.5f], Floats(chunk, 384, 3));
        Assert.Equal([7, 40, 16], Int32s(chunk, 396, 3));
        Assert.Equal([1, int.MaxValue, 0], Int32s(chunk, 420, 3));
        Assert.Equal([3e38f, 1e-45f, 0], Floats(chunk, 432, 3));
        Assert.Equal(456 + 32, chunk.Length);
        Assert.Equal(SHA256.HashData(chunk[..456]), chunk[456..].ToArray());

        var delta = GoldenFile.Read("chunk-rows-of-delta.bin").AsSpan();
        Assert.Equal([1, 2 + 8 + 16], Int32s(delta, 8, 2));
        Assert.Equal([12L], Int64s(delta, 104, 1));
        Assert.Equal([3], Int32s(delta, 112, 1));
        Assert.Equal([-7L, -9, -7, 0], Int64s(delta, 256, 4));
    }

    [Fact]
    public void A_manifest_ends_with_the_hash_of_all_before_it()
    {
        var text = Encoding.UTF8.GetString(GoldenFile.Read("manifest.json"));
        var tail = text.LastIndexOf(",\n  \"sha256\": \"", StringComparison.Ordinal);
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text[..tail])));
        Assert.Equal($",\n  \"sha256\": \"{hash}\"\n}}\n", text[tail..]);
    }

    private static int[] Int32s(ReadOnlySpan<byte> bytes, int offset, int count)
    {
        var values = new int[count];
        for (var i = 0; i < count; i++) values[i] = BinaryPrimitives.ReadInt32LittleEndian(bytes[(offset + 4 * i)..]);
        return values;
    }

    private static long[] Int64s(ReadOnlySpan<byte> bytes, int offset, int count)
    {
        var values = new long[count];
        for (var i = 0; i < count; i++) values[i] = BinaryPrimitives.ReadInt64LittleEndian(bytes[(offset + 8 * i)..]);
        return values;
    }

    private static float[] Floats(ReadOnlySpan<byte> bytes, int offset, int count)
    {
        var values = new float[count];
        for (var i = 0; i < count; i++) values[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes[(offset + 4 * i)..]);
        return values;
    }
}
