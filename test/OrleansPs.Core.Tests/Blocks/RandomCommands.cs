using OrleansPs.Core.Blocks;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;

namespace OrleansPs.Core.Tests.Blocks;

/// <summary>
/// Messages to a block as a broken network and dying workers make them: all kinds, mostly sensible, in no sensible order. The
/// same seed makes the same messages.
/// </summary>
internal sealed class RandomCommands(int seed, BlockShape shape)
{
    private readonly Random _random = new(seed);
    private long _cut;

    /// <summary>One message, made for a block at a version; every replica it is given to does the same with it, or should.</summary>
    public Func<BlockReplica, string> Next(long version)
    {
        var header = Header(version);
        var certificate = Chance(3) ? Certificate(version) : null;
        if (certificate is not null) header = header with { Certificate = certificate.Round + 1 };
        switch (_random.Next(20))
        {
            case < 10:
                var gradient = Gradient();
                return block => block.Push(At(block), certificate, gradient).ToString();
            case < 12:
                var pushed = Gradient();
                return block => WithValues(values => block.PushPull(At(block), certificate, pushed, values));
            case < 14: return block => WithValues(values => block.Pull(At(block), certificate, values));
            case 14:
                Certificate[] two = [Certificate(version), Certificate(version + 1)];
                return block => block.Certify(At(block), two).ToString();
            case 15: return block => block.Freeze(At(block) with { Certificate = version }, Cut(header), []).ToString();
            case 16: return block => block.DropCut(At(block), header.Cut).ToString();
            case 17: return block => block.Fence(At(block), Math.Abs(header.Rank), header.Incarnation).ToString();
            default: return block => Take(block, At(block), Cut(header));
        }

        // Epochs are told from the block's own, so that one that moved can be given the same messages.
        MessageHeader At(BlockReplica block) => header with { Epoch = block.Epoch + header.Epoch };
    }

    private static string Take(BlockReplica block, MessageHeader header, long cut)
    {
        var (reply, image) = block.TakeCut(header, cut);
        if (image is null) return reply.ToString();
        var bytes = Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(Replicas.Encode(image)));
        image.ReturnArrays();
        return reply + bytes;
    }

    private static long Cut(MessageHeader header) => header.Cut + 1;

    private string WithValues(Func<SegmentSlice[], BlockReply> ask)
    {
        var values = shape.Segments.Select((s, i) => new SegmentSlice(i, new float[s.Length])).ToArray();
        var reply = ask(values);
        return reply + string.Join(' ', values.SelectMany(v => v.Values.ToArray()).Select(BitConverter.SingleToInt32Bits));
    }

    private MessageHeader Header(long version)
    {
        if (Chance(12)) _cut++;
        return new()
        {
            Generation = Chance(30) ? 1 : 0,
            Epoch = Chance(30) ? 1 : 0,
            Term = _random.Next(1, 4),
            Rank = _random.Next(3),
            Incarnation = Chance(6) ? 3 : Chance(4) ? 2 : 1,
            Step = version + _random.Next(3) / 2,
            Clock = Chance(6) ? version + _random.Next(-1, 2) : version,
            Sequence = Chance(20) ? 3 : _random.Next(3),
            Cut = Math.Max(0, _cut - _random.Next(3) / 2),
        };
    }

    private Certificate Certificate(long version) => new(Math.Max(0, version + _random.Next(-2, 2)),
        [.. Enumerable.Range(0, 3).Where(_ => !Chance(4)).Select(r => new CertificateMember(r, Chance(5) ? 2 : 1))]);

    private SegmentSlice[] Gradient() => [.. shape.Segments.Select((s, i) => (s, i)).Where(_ => !Chance(5)).Select(x =>
        new SegmentSlice(x.i, Enumerable.Range(0, x.s.Length).Select(_ => (float)(_random.NextDouble() - 0.5)).ToArray()))];

    private bool Chance(int oneIn) => _random.Next(oneIn) == 0;
}
