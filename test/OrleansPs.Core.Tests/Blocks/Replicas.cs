using OrleansPs.Core.Blocks;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Core.Tests.Blocks;

/// <summary>What tests do with replicas as a whole.</summary>
internal static class Replicas
{
    private const long LastCut = 1L << 40;

    /// <summary>
    /// All that a replica holds, as the bytes of an image. What is staged for the open round is applied before. The replica
    /// must not be used afterwards.
    /// </summary>
    public static byte[] StateOf(BlockReplica replica, IReadOnlyDictionary<int, long>? incarnations = null)
    {
        var members = (incarnations ?? new Dictionary<int, long>()).OrderBy(i => i.Key)
            .Select(i => new CertificateMember(i.Key, i.Value)).ToArray();
        replica.Certify(Coordinator(replica), [new(replica.Version, members)]);
        var bytes = Encode(ImageOf(replica));
        replica.Release();
        return bytes;
    }

    /// <summary>An image of a replica as it is: a cut that begins and ends here.</summary>
    public static BlockImage ImageOf(BlockReplica replica, long cut = LastCut)
    {
        Assert.Equal(BlockStatus.Ok, replica.Freeze(Coordinator(replica), cut, []).Status);
        var (reply, image) = replica.TakeCut(Coordinator(replica), cut);
        Assert.Equal(BlockStatus.Ok, reply.Status);
        return image!;
    }

    public static byte[] Encode(BlockImage image)
    {
        var bytes = new byte[BlockImageCodec.GetEncodedLength(image)];
        BlockImageCodec.Encode(image, "test", 0, 0, 0, bytes);
        return bytes;
    }

    private static MessageHeader Coordinator(BlockReplica replica) => new()
    {
        Generation = replica.Generation,
        Epoch = replica.Epoch,
        Term = long.MaxValue,
        Rank = -1,
        Certificate = replica.Version,
        Policy = replica.Policy.Number,
    };
}

/// <summary>Hands a primary's log to a standby, as long as it is on.</summary>
internal sealed class Feed(BlockReplica standby) : IBlockEntrySink
{
    public bool IsOn { get; set; } = true;

    public void OnEntry(in BlockEntry entry, ReadOnlySpan<SegmentSlice> gradient)
    {
        if (IsOn) Assert.True(standby.Accept(entry, gradient));
    }
}

internal static class Any
{
    private static readonly double[] s_scales = [1e-3, 1e-2, 1e-1, 1, 1e1, 1e2, 1e3];

    /// <summary>A number of any of seven magnitudes, so that another order of additions gives another sum.</summary>
    public static float Float(Random random) => (float)((random.NextDouble() - 0.5) * s_scales[random.Next(s_scales.Length)]);
}
