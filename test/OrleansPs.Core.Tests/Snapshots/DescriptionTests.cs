using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.RegularExpressions;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Core.Tests.Snapshots;

/// <summary>The description of the format says what the files are.</summary>
public partial class DescriptionTests
{
    private const string Dense = "## A chunk\n";
    private const string Table = "## A chunk of a table\n";

    private static readonly string Text = File.ReadAllText(Path.Combine(Here(), "..", "..", "..", "src", "snapshot-format.md"));

    [Theory]
    [InlineData(Dense)]
    [InlineData(Table)]
    public void The_rows_of_the_header_follow_each_other_to_its_end(string section)
    {
        var next = 0;
        foreach (var (offset, bytes, _) in Rows(section))
        {
            Assert.Equal(next, offset);
            next = offset + bytes;
        }
        Assert.Equal(BlockImageCodec.HeaderBytes, next);
    }

    [Theory]
    [InlineData("format version", BlockImageCodec.FormatVersion)]
    [InlineData("optimizer states", 3)]
    [InlineData("size", 540)]
    [InlineData("generation", 2)]
    [InlineData("cut", 17)]
    [InlineData("epoch", 1)]
    [InlineData("version", 1L << 40)]
    [InlineData("entry index", (1L << 40) + 1)]
    [InlineData("block", 4)]
    [InlineData("length", 5)]
    [InlineData("segments", 2)]
    [InlineData("ranks", 3)]
    [InlineData("values offset", 448)]
    public void A_field_is_found_where_its_row_says(string field, long value) =>
        Assert.Equal(value, Field(Dense, field, "chunk-full.bin"));

    [Theory]
    [InlineData("format version", 1)]
    [InlineData("flags", 7)]
    [InlineData("size", 488)]
    [InlineData("generation", 2)]
    [InlineData("cut", 17)]
    [InlineData("epoch", 1)]
    [InlineData("version", 301)]
    [InlineData("entry index", 901)]
    [InlineData("block", 4)]
    [InlineData("width", 2)]
    [InlineData("state", 1)]
    [InlineData("rows", 3)]
    [InlineData("ranks", 2)]
    [InlineData("sketch", 8)]
    [InlineData("clock", 1L << 35)]
    [InlineData("records offset", 384)]
    public void A_field_of_a_table_is_found_where_its_row_says(string field, long value) => Assert.Equal(value, Field(Table, field, "chunk-rows.bin"));

    [Theory]
    [InlineData("base cut", 12)]
    [InlineData("remaining", 3)]
    public void A_field_of_a_delta_is_found_where_its_row_says(string field, long value) =>
        Assert.Equal(value, Field(Table, field, "chunk-rows-of-delta.bin"));

    [Fact]
    public void Every_field_of_a_manifest_is_described_in_its_order()
    {
        using var manifest = JsonDocument.Parse(GoldenFile.Read("manifest.json"));
        var place = Text.IndexOf("## A manifest", StringComparison.Ordinal);
        foreach (var field in manifest.RootElement.EnumerateObject())
        {
            var found = Text.IndexOf($"`{field.Name}`", place, StringComparison.Ordinal);
            Assert.True(found > place, $"{field.Name} is not described, or not in its order.");
            place = found;
        }
    }

    [Fact]
    public void The_version_is_the_one_that_is_written()
    {
        Assert.StartsWith($"# The snapshot format, version {BlockImageCodec.FormatVersion}\n", Text, StringComparison.Ordinal);
        Assert.Equal(BlockImageCodec.FormatVersion, ManifestCodec.FormatVersion);
    }

    private static long Field(string section, string field, string golden)
    {
        var row = Rows(section).Single(r => r.Field == field);
        var bytes = GoldenFile.Read(golden).AsSpan(row.Offset, row.Bytes);
        return row.Bytes == 4 ? BitConverter.ToInt32(bytes) : BitConverter.ToInt64(bytes);
    }

    private static (int Offset, int Bytes, string Field)[] Rows(string section) =>
    [
        .. Row().Matches(Text[Text.IndexOf(section, StringComparison.Ordinal)..].Split("\n## ")[0]).Select(m => (
            int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture), int.Parse(m.Groups[2].Value, CultureInfo.InvariantCulture), m.Groups[3].Value)),
    ];

    private static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;

    [GeneratedRegex(@"^\| (\d+) \| (\d+) \| ([a-z ]+) \|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
