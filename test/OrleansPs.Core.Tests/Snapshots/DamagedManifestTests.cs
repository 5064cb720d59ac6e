using System.Text;
using FsCheck.Xunit;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Core.Tests.Snapshots;

/// <summary>A manifest that is not exactly what was written is refused, always by the same exception, and says why.</summary>
[Properties(Arbitrary = [typeof(Arbitraries)])]
public class DamagedManifestTests
{
    [Fact]
    public void Every_single_flipped_bit_is_found()
    {
        var manifest = ManifestCodec.Encode(Samples.Manifest());
        for (var bit = 0; bit < manifest.Length * 8; bit++) Damage.RefusedManifest(Damage.Flip(manifest, bit));
    }

    [Fact]
    public void Every_truncation_is_found()
    {
        var manifest = ManifestCodec.Encode(Samples.Manifest());
        for (var length = 0; length < manifest.Length; length++) Damage.RefusedManifest(manifest[..length]);
    }

    [Fact]
    public void Every_appended_byte_is_found()
    {
        var manifest = ManifestCodec.Encode(Samples.Manifest());
        for (var b = 0; b < 256; b++) Damage.RefusedManifest([.. manifest, (byte)b]);
    }

    [Property]
    public void A_flip_a_cut_and_an_append_of_any_manifest_are_found(SnapshotManifest manifest, uint place, byte more)
    {
        var bytes = ManifestCodec.Encode(manifest);
        Damage.RefusedManifest(Damage.Flip(bytes, (int)(place % (bytes.Length * 8))));
        Damage.RefusedManifest(bytes[..(int)(place % bytes.Length)]);
        Damage.RefusedManifest([.. bytes, more]);
    }

    [Property(MaxTest = 1000)]
    public void Random_bytes_are_no_manifest(byte[] bytes, string text)
    {
        Damage.RefusedManifest(bytes);
        Damage.RefusedManifest(Encoding.UTF8.GetBytes(text ?? ""));
        Damage.RefusedManifest(Damage.SealManifest([.. "{"u8, .. bytes]));
    }

    /// <summary>Every token of the text replaced by others, with a fitting checksum: refused, or read and written again.</summary>
    [Fact]
    public void Replaced_tokens_with_a_fitting_checksum_are_refused_or_valid()
    {
        var accepted = 0;
        foreach (var text in JsonMutations.Of(Damage.Body(Samples.Manifest())))
        {
            SnapshotManifest manifest;
            try
            {
                manifest = ManifestCodec.Decode(Damage.SealManifest(text), Damage.Name);
            }
            catch (SnapshotCorruptException e)
            {
                Assert.Equal(Damage.Name, e.Name);
                continue;
            }
            accepted++;
            Same.Values(manifest, ManifestCodec.Decode(ManifestCodec.Encode(manifest), Damage.Name));
        }
        Assert.True(accepted > 0, "Some replaced numbers, such as the round, make another valid manifest.");
    }

    [Fact]
    public void A_newer_version_is_refused_by_its_number()
    {
        var e = Damage.RefusedManifest(Changed("\"formatVersion\": 1", "\"formatVersion\": 2"));
        Assert.Contains("format version is 2", e.Problem, StringComparison.Ordinal);
        Assert.Contains("reads 1", e.Problem, StringComparison.Ordinal);
        Assert.Contains("newer program", e.Problem, StringComparison.Ordinal);
        var old = Damage.RefusedManifest(Changed("\"formatVersion\": 1", "\"formatVersion\": 0"));
        Assert.DoesNotContain("newer program", old.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_newer_version_may_have_any_other_fields()
    {
        var e = Damage.RefusedManifest("""{"formatVersion": 7, "format": "orleansps-snapshot", "checksum": "other"}"""u8.ToArray());
        Assert.Contains("format version is 7", e.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"format\": \"orleansps-snapshot\"", "\"format\": \"other\"", "its format is 'other', not 'orleansps-snapshot'")]
    [InlineData("\"cut\": 17", "\"cut\": 18", "chunks[0] is block 0 with the name 'g2-c17-b0-e1', which is not that of block 0")]
    [InlineData("\"generation\": 2", "\"generation\": 3", "chunks[0] is block 0")]
    [InlineData("\"cut\": 17", "\"cut\": 17.5", "cut must be a whole number of 64 bits")]
    [InlineData("\"cut\": 17", "\"cut\": 1e400", "cut must be a whole number of 64 bits")]
    [InlineData("\"cut\": 17", "\"cut\": \"17\"", "cut must be a whole number of 64 bits")]
    [InlineData("\"cut\": 17", "\"cat\": 17", "cut is missing")]
    [InlineData("\"cut\": 17", "\"cut\": 17, \"more\": 1", "more is unknown")]
    [InlineData("\"cut\": 17", "\"cut\": 17, \"cut\": 17", "cut")]
    [InlineData("\"model\": \"fashion-mnist\"", "\"model\": \"other\"", "spec.name is 'fashion-mnist', the model's is 'other'")]
    [InlineData("\"model\": \"fashion-mnist\"", "\"model\": \"\\ud800\"", "model must be well-formed Unicode")]
    [InlineData("2026-01-31T12:14:15.1234567Z", "2026-01-31T12:14:15Z", "takenAt must be a time in UTC")]
    [InlineData("\"rank\": 1,", "\"rank\": 0,", "ranks[1].rank is 0: ranks must ascend")]
    [InlineData("\"rank\": 1,", "\"rank\": 3000000000,", "ranks[1].rank must be a whole number of 32 bits")]
    [InlineData("\"status\": \"live\"", "\"status\": \"Live\"", "ranks[0].status must be one of 'expected', 'live', 'outOfData', 'left', 'evicted'")]
    [InlineData("\"block\": 1,\n      \"name\"", "\"block\": 2,\n      \"name\"", "chunks[1] is block 2")]
    [InlineData("g2-c17-b1-e12", "g2-c17-b2-e12", "chunks[1] is block 1 with the name 'g2-c17-b2-e12'")]
    [InlineData("g2-c17-b1-e12", "../../pointer", "chunks[1] is block 1 with the name '../../pointer'")]
    [InlineData("\"bytes\": 320", "\"bytes\": -1", "chunks[1].bytes is -1: it must be >= 0")]
    [InlineData("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "0123", "chunks[1].sha256 is '0123'")]
    [InlineData("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef", "64 lower-case hex digits")]
    [InlineData("\"open\": [", "\"open\": 3, \"x\": [", "open must be a list")]
    [InlineData("[0, 1, 5]", "[0, 1, null]", "open[0].sequences[2] must be a whole number of 32 bits")]
    [InlineData("\"step\": 3990,", "", "ranks[0].inherited[0].step is missing")]
    [InlineData("\"step\": 3990,", "\"step\": 3990, \"x\": 0,", "ranks[0].inherited[0].x is unknown")]
    public void What_is_wrong_is_named_by_its_path(string what, string with, string problem) =>
        Assert.Contains(problem, Damage.RefusedManifest(Changed(what, with)).Problem, StringComparison.Ordinal);

    [Fact]
    public void A_name_of_a_field_that_is_no_unicode_is_refused()
    {
        Damage.RefusedManifest(Changed("\"cut\": 17", "\"cut\": 17, \"\\ud800\": 0"));
        Damage.RefusedManifest(Changed("\"format\"", "\"\\ud800\": 0, \"format\""));
        var body = Encoding.UTF8.GetBytes(Damage.Body(Samples.Manifest()));
        body[body.AsSpan().IndexOf("cut"u8)] = 0xFF;
        Damage.RefusedManifest(Damage.SealManifest(body));
    }

    [Fact]
    public void Nesting_without_end_is_refused() =>
        Damage.RefusedManifest(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("{\"format\":", 100_000))));

    [Fact]
    public void A_manifest_that_contradicts_itself_is_not_written()
    {
        var good = Samples.Manifest();
        Assert.Throws<ArgumentException>(() => ManifestCodec.Encode(good with { Model = "other" }));
        Assert.Throws<ArgumentException>(() => ManifestCodec.Encode(good with { Cut = 18 }));
        Assert.Throws<ArgumentException>(() => ManifestCodec.Encode(good with { Generation = 3 }));
        Assert.Throws<ArgumentException>(() => ManifestCodec.Encode(good with { Chunks = [good.Chunks[1], good.Chunks[0]] }));
        Assert.Throws<ArgumentException>(() => ManifestCodec.Encode(good with { Chunks = [good.Chunks[0] with { Bytes = -1 }] }));
        Assert.Throws<ArgumentException>(() => ManifestCodec.Encode(good with { Chunks = [good.Chunks[0] with { Sha256 = "" }] }));
        Assert.Throws<ArgumentException>(() => ManifestCodec.Encode(good with { Ranks = [good.Ranks[1], good.Ranks[0]] }));
        Assert.ThrowsAny<ArgumentException>(() => ManifestCodec.Encode(good with { Ranks = [new(0, 0, (WorkerStatus)99, 0, 0, 0)] }));
    }

    private static byte[] Changed(string what, string with)
    {
        var body = Damage.Body(Samples.Manifest());
        var place = body.IndexOf(what, StringComparison.Ordinal);
        Assert.True(place >= 0, $"The sample has no {what}.");
        return Damage.SealManifest(string.Concat(body.AsSpan(0, place), with, body.AsSpan(place + what.Length)));
    }
}
