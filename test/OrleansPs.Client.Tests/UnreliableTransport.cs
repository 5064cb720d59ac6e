using OrleansPs.Core.Messages;

namespace OrleansPs.Client.Tests;

/// <summary>
/// A network by a seed: it loses requests and answers, delivers some twice or long after their sender gave up, and delays
/// each at its own, so that they overtake each other. All on the thread that moves the clock.
/// </summary>
internal sealed class UnreliableTransport(IParameterTransport inner, TimeProvider time, Random random) : IParameterTransport
{
    private const double Loss = 0.12;

    private readonly int _thread = Environment.CurrentManagedThreadId;

    /// <summary>Whether anything ran on another thread than that of the test; then it may not be the same in the next run.</summary>
    public bool HasLeftItsThread { get; private set; }

    /// <summary>Every push that was sent, as often as it was sent: its block, its header and its first number.</summary>
    public List<(int Block, MessageHeader Header, float First)> Pushes { get; } = [];

    public ValueTask<BlockReply> PushAsync(
        int block, MessageHeader header, Certificate? newest, ReadOnlyMemory<SegmentSlice> gradient,
        CancellationToken cancellationToken)
    {
        var sent = Send(block, header, gradient);
        return AskAsync(() => inner.PushAsync(block, header, newest, sent, default), _ => { }, cancellationToken);
    }

    public ValueTask<BlockReply> PullAsync(
        int block, MessageHeader header, Certificate? newest, ReadOnlyMemory<SegmentSlice> values,
        CancellationToken cancellationToken)
    {
        var read = Copy(values);
        return AskAsync(
            () => inner.PullAsync(block, header, newest, read, default), _ => Write(read, values), cancellationToken);
    }

    public ValueTask<BlockReply> PushPullAsync(
        int block, MessageHeader header, Certificate? newest, ReadOnlyMemory<SegmentSlice> gradient,
        ReadOnlyMemory<SegmentSlice> values, CancellationToken cancellationToken)
    {
        var (sent, read) = (Send(block, header, gradient), Copy(values));
        return AskAsync(
            () => inner.PushPullAsync(block, header, newest, sent, read, default), _ => Write(read, values), cancellationToken);
    }

    public ValueTask<BlockReply> CertifyAsync(
        int block, MessageHeader header, IReadOnlyList<Certificate> certificates, CancellationToken cancellationToken) =>
        AskAsync(() => inner.CertifyAsync(block, header, certificates, default), _ => { }, cancellationToken);

    public ValueTask<JoinReply> JoinAsync(JoinCommand command, CancellationToken cancellationToken) =>
        AskAsync(() => inner.JoinAsync(command, default), _ => { }, cancellationToken);

    public ValueTask<ClockReply> ClockAsync(ClockCommand command, CancellationToken cancellationToken) =>
        AskAsync(() => inner.ClockAsync(command, default), _ => { }, cancellationToken);

    public ValueTask<PresenceReply> PresenceAsync(PresenceCommand command, CancellationToken cancellationToken) =>
        AskAsync(() => inner.PresenceAsync(command, default), _ => { }, cancellationToken);

    public ValueTask<IReadOnlyList<Certificate>> CertificatesAsync(long from, CancellationToken cancellationToken) =>
        AskAsync(() => inner.CertificatesAsync(from, default), _ => { }, cancellationToken);

    private async ValueTask<T> AskAsync<T>(
        Func<ValueTask<T>> deliver, Action<T> receive, CancellationToken cancellationToken)
    {
        NoteThread();
        if (random.NextDouble() < Loss) throw new ServerUnavailableException("The connection is down.");
        var reply = random.NextDouble() < Loss ? Lost<T>() : DeliverAsync(deliver);
        if (random.NextDouble() < Loss) _ = DeliverAsync(deliver);
        var answer = await OrCancelledAsync(reply, cancellationToken);
        if (random.NextDouble() < Loss) answer = await OrCancelledAsync(Lost<T>(), cancellationToken);
        await Pause.ForAsync(Delay(), time, cancellationToken);
        NoteThread();
        receive(answer);
        return answer;
    }

    private void NoteThread() => HasLeftItsThread |= Environment.CurrentManagedThreadId != _thread;

    private static async Task<T> OrCancelledAsync<T>(Task<T> reply, CancellationToken cancellationToken)
    {
        await Pause.UntilAsync(reply, cancellationToken);
        return await reply;
    }

    private async Task<T> DeliverAsync<T>(Func<ValueTask<T>> deliver)
    {
        await Pause.ForAsync(Delay(), time, default);
        NoteThread();
        return await deliver();
    }

    // Most messages are quick; some take longer than their sender waits.
    private TimeSpan Delay() => TimeSpan.FromMilliseconds(random.NextDouble() < 0.1 ? random.Next(3000) : random.Next(50));

    private SegmentSlice[] Send(int block, MessageHeader header, ReadOnlyMemory<SegmentSlice> gradient)
    {
        var sent = Copy(gradient);
        Pushes.Add((block, header, sent[0].Values.Span[0]));
        return sent;
    }

    // What is on the wire no longer is the caller's memory.
    private static SegmentSlice[] Copy(ReadOnlyMemory<SegmentSlice> slices) =>
        [.. slices.ToArray().Select(s => new SegmentSlice(s.Segment, s.Values.ToArray()))];

    private static void Write(SegmentSlice[] read, ReadOnlyMemory<SegmentSlice> values)
    {
        for (var i = 0; i < read.Length; i++) read[i].Values.CopyTo(values.Span[i].Values);
    }

    private static Task<T> Lost<T>() => new TaskCompletionSource<T>().Task;
}
