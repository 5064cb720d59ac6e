using OrleansPs.Client;
using OrleansPs.Core.Messages;
using OrleansPs.Hosting;

namespace OrleansPs.Embedded;

/// <summary>
/// The transport inside one process: block messages run on the caller's thread and complete at once, reading and writing the
/// caller's memory; coordinator messages may wait.
/// </summary>
internal sealed class EmbeddedTransport(ModelHost model) : IParameterTransport
{
    public ValueTask<BlockReply> PushAsync(
        int block, MessageHeader header, Certificate? newest, ReadOnlyMemory<SegmentSlice> gradient,
        CancellationToken cancellationToken) =>
        new(Block(block).Push(header, newest, gradient.Span));

    public ValueTask<BlockReply> PullAsync(
        int block, MessageHeader header, Certificate? newest, ReadOnlyMemory<SegmentSlice> values,
        CancellationToken cancellationToken) =>
        new(Block(block).Pull(header, newest, values.Span));

    public ValueTask<BlockReply> PushPullAsync(
        int block, MessageHeader header, Certificate? newest, ReadOnlyMemory<SegmentSlice> gradient,
        ReadOnlyMemory<SegmentSlice> values, CancellationToken cancellationToken) =>
        new(Block(block).PushPull(header, newest, gradient.Span, values.Span));

    public ValueTask<BlockReply> CertifyAsync(
        int block, MessageHeader header, IReadOnlyList<Certificate> certificates, CancellationToken cancellationToken) =>
        new(Block(block).Certify(header, certificates));

    public ValueTask<JoinReply> JoinAsync(JoinCommand command, CancellationToken cancellationToken) =>
        model.Runtime.Coordinator.CallAsync<JoinReply>((c, call, now) => c.Join(call, command, now), cancellationToken);

    public ValueTask<ClockReply> ClockAsync(ClockCommand command, CancellationToken cancellationToken) =>
        model.Runtime.Coordinator.CallAsync<ClockReply>((c, call, now) => c.Clock(call, command, now), cancellationToken);

    public ValueTask<PresenceReply> PresenceAsync(PresenceCommand command, CancellationToken cancellationToken) =>
        model.Runtime.Coordinator.CallAsync<PresenceReply>((c, call, now) => c.Presence(call, command, now), cancellationToken);

    public ValueTask<IReadOnlyList<Certificate>> CertificatesAsync(long from, CancellationToken cancellationToken) =>
        new(model.Runtime.Coordinator.Read<IReadOnlyList<Certificate>>(
            c => [.. c.State.Certificates.Where(x => x.Round >= from)]));

    private BlockHost Block(int block) => ((EmbeddedBlocks)model.Runtime.Blocks)[block];
}
