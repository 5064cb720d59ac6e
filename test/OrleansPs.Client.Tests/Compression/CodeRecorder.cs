using OrleansPs.Core.Messages;

namespace OrleansPs.Client.Tests;

/// <summary>
/// A wire that carries codes: writes down the bytes of each push, decodes them for the service behind it, and loses what it is told to lose.
/// </summary>
internal sealed class CodeRecorder(ModelSpec spec, IParameterTransport inner) : IParameterTransport
{
    private readonly Core.Partitioning.BlockLayout _layout = Core.Partitioning.BlockLayout.Create(spec);

    public bool CarriesCodes => true;

    /// <summary>The codes of each push that was sent, as often as it was sent.</summary>
    public List<(int Block, long Step, int Sequence, string Code)> Sent { get; } = [];

    /// <summary>How many ways of pushes are counted from now on; every second one, there or back, loses its message.</summary>
    public int Losses { get; set; }

    /// <summary>How many answers to clocks get lost from now on.</summary>
    public int ClockLosses { get; set; }

    /// <summary>What a join answers, given what it would have.</summary>
    public Func<JoinReply, JoinReply> Joining { get; set; } = reply => reply;

    public async ValueTask<BlockReply> PushAsync(
        int block, MessageHeader header, Certificate? newest, ReadOnlyMemory<SegmentSlice> gradient,
        CancellationToken cancellationToken)
    {
        Note(block, header, gradient.Span);
        if (Losses > 0 && Losses-- % 2 == 0) throw new ServerUnavailableException("It was lost on the way there.");
        var reply = await inner.PushAsync(block, header, newest, Decoded(block, gradient.Span), cancellationToken);
        if (Losses > 0 && Losses-- % 2 == 0) throw new ServerUnavailableException("It was lost on the way back.");
        return reply;
    }

    public ValueTask<BlockReply> PushPullAsync(
        int block, MessageHeader header, Certificate? newest, ReadOnlyMemory<SegmentSlice> gradient,
        ReadOnlyMemory<SegmentSlice> values, CancellationToken cancellationToken)
    {
        Note(block, header, gradient.Span);
        return inner.PushPullAsync(block, header, newest, Decoded(block, gradient.Span), values, cancellationToken);
    }

    public ValueTask<BlockReply> PullAsync(
        int block, MessageHeader header, Certificate? newest, ReadOnlyMemory<SegmentSlice> values,
        CancellationToken cancellationToken) => inner.PullAsync(block, header, newest, values, cancellationToken);

    public ValueTask<BlockReply> CertifyAsync(
        int block, MessageHeader header, IReadOnlyList<Certificate> certificates, CancellationToken cancellationToken) =>
        inner.CertifyAsync(block, header, certificates, cancellationToken);

    public async ValueTask<JoinReply> JoinAsync(JoinCommand command, CancellationToken cancellationToken) =>
        Joining(await inner.JoinAsync(command, cancellationToken));

    public async ValueTask<ClockReply> ClockAsync(ClockCommand command, CancellationToken cancellationToken)
    {
        var reply = await inner.ClockAsync(command, cancellationToken);
        return ClockLosses-- > 0 ? throw new ServerUnavailableException("It was lost on the way back.") : reply;
    }

    public ValueTask<PresenceReply> PresenceAsync(PresenceCommand command, CancellationToken cancellationToken) =>
        inner.PresenceAsync(command, cancellationToken);

    public ValueTask<IReadOnlyList<Certificate>> CertificatesAsync(long from, CancellationToken cancellationToken) =>
        inner.CertificatesAsync(from, cancellationToken);

    private void Note(int block, MessageHeader header, ReadOnlySpan<SegmentSlice> gradient)
    {
        var code = "";
        foreach (var slice in gradient) code += Convert.ToHexString(slice.Code.Bytes.Span) + ";";
        Sent.Add((block, header.Step, header.Sequence, code));
    }

    // As a block does: after it held the code against its own segment.
    private SegmentSlice[] Decoded(int block, ReadOnlySpan<SegmentSlice> gradient)
    {
        var slices = gradient.ToArray();
        foreach (ref var slice in slices.AsSpan())
        {
            if (!slice.Code.IsPresent) continue;
            Assert.True(slice.Values.IsEmpty);
            var (start, values) = (_layout.Blocks[block].Segments[slice.Segment].Start, new float[slice.Length]);
            Assert.True(slice.Code.IsCodeAt(start));
            slice.Code.Decode(start, values);
            slice = new(slice.Segment, values);
        }
        return slices;
    }
}
