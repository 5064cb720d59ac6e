using FsCheck.Xunit;
using OrleansPs.Core.Snapshots;
using OrleansPs.Core.Specs;

namespace OrleansPs.Core.Tests.Snapshots;

/// <summary>What is written is read back, to the last bit, for anything that can be written.</summary>
[Properties(Arbitrary = [typeof(Arbitraries)])]
public class RoundTripTests
{
    [Property]
    public void An_image_comes_back_as_it_was(BlockImage image, ChunkIdentity identity)
    {
        identity = identity with { Block = image.Block };
        var bytes = Samples.Encode(image, identity);
        Same.Images(image, BlockImageCodec.Decode(bytes, "chunk", identity));
        Same.Images(image, BlockImageCodec.Decode(bytes, "chunk", expected: null));
    }

    [Property]
    public void Equal_images_give_equal_bytes(BlockImage image)
    {
        var bytes = Samples.Encode(image);
        Assert.Equal(bytes, Samples.Encode(BlockImageCodec.Decode(bytes, "chunk", null)));
    }

    [Property(MaxTest = 300)]
    public void A_spec_comes_back_as_it_was(ModelSpec spec)
    {
        var bytes = ModelSpecJson.Encode(spec);
        var read = ModelSpecJson.Decode(bytes, "spec");
        Same.Values(spec, read);
        Assert.Equal(bytes, ModelSpecJson.Encode(read));
    }

    [Property]
    public void A_manifest_comes_back_as_it_was(SnapshotManifest manifest)
    {
        var bytes = ManifestCodec.Encode(manifest);
        var read = ManifestCodec.Decode(bytes, "manifest");
        Same.Values(manifest, read);
        Assert.Equal(bytes, ManifestCodec.Encode(read));
    }

    [Property]
    public void A_name_says_which_chunk_it_is(ChunkIdentity identity)
    {
        Assert.True(ChunkName.TryParse(identity.Model, identity.Name, out var read));
        Assert.Equal(identity, read);
    }

    [Fact]
    public void The_time_of_a_manifest_is_kept_in_UTC()
    {
        var read = ManifestCodec.Decode(ManifestCodec.Encode(Samples.Manifest()), "manifest");
        Assert.Equal(Samples.Manifest().TakenAt, read.TakenAt);
        Assert.Equal(TimeSpan.Zero, read.TakenAt.Offset);
    }
}
