using OrleansPs.Client;
using OrleansPs.Core.Messages;

namespace OrleansPs.Simulation;

/// <summary>
/// One session's way into the simulated network. A request leaves as a copy; its answer counts only while the caller still waits
/// for it, so nothing is written into memory that the caller has back.
/// </summary>
internal sealed class SimTransport(World world, Process process, int rank) : IParameterTransport
{
    private readonly Address _self = Address.Worker(rank);

    /// <summary>The generation the session joined last, and the incarnation it has there.</summary>
    public long Generation { get; private set; }

    /// <summary>The incarnation of the last join.</summary>
    public long Incarnation { get; private set; } = -1;

    public ValueTask<BlockReply> PushAsync(
        int block, MessageHeader header, Certificate? newest, ReadOnlyMemory<SegmentSlice> gradient,
        CancellationToken cancellationToken)
    {
        world.Attempt(header);
        var copy = Copy(gradient);
        return AskAsync<BlockReply>(
            Address.Block(block), 'p', answer => world.Blocks[block].Handle(r => r.Push(header, newest, copy), answer),
            null, cancellationToken);
    }

    public ValueTask<BlockReply> PullAsync(
        int block, MessageHeader header, Certificate? newest, ReadOnlyMemory<SegmentSlice> values,
        CancellationToken cancellationToken) =>
        ReadAsync(block, 'r', values, (replica, into) => replica.Pull(header, newest, into), cancellationToken);

    public ValueTask<BlockReply> PushPullAsync(
        int block, MessageHeader header, Certificate? newest, ReadOnlyMemory<SegmentSlice> gradient,
        ReadOnlyMemory<SegmentSlice> values, CancellationToken cancellationToken)
    {
        world.Attempt(header);
        var copy = Copy(gradient);
        return ReadAsync(
            block, 'q', values, (replica, into) => replica.PushPull(header, newest, copy, into), cancellationToken);
    }

    public ValueTask<BlockReply> CertifyAsync(
        int block, MessageHeader header, IReadOnlyList<Certificate> certificates, CancellationToken cancellationToken) =>
        AskAsync<BlockReply>(
            Address.Block(block), 'c', answer => world.Blocks[block].Handle(r => r.Certify(header, certificates), answer),
            null, cancellationToken);

    public ValueTask<JoinReply> JoinAsync(JoinCommand command, CancellationToken cancellationToken)
    {
        var generation = world.Record.Generation;
        return AskAsync<JoinReply>(Address.Coordinator, 'j', answer =>
        {
            if (!IsTooLate(generation))
                world.Route()?.Call((c, call, now) => c.Join(call, command, now), reply => answer((JoinReply)reply));
        }, Joined, cancellationToken);
    }

    public ValueTask<ClockReply> ClockAsync(ClockCommand command, CancellationToken cancellationToken) =>
        AskAsync<ClockReply>(
            Address.Coordinator, 'k',
            answer => world.Route()?.Call((c, call, now) => c.Clock(call, command, now), reply => answer((ClockReply)reply)),
            null, cancellationToken);

    public ValueTask<PresenceReply> PresenceAsync(PresenceCommand command, CancellationToken cancellationToken) =>
        AskAsync<PresenceReply>(
            Address.Coordinator, 'h',
            answer => world.Route()?.Call((c, call, now) => c.Presence(call, command, now), reply => answer((PresenceReply)reply)),
            null, cancellationToken);

    public ValueTask<IReadOnlyList<Certificate>> CertificatesAsync(long from, CancellationToken cancellationToken) =>
        AskAsync<IReadOnlyList<Certificate>>(
            Address.Coordinator, 'x', answer => world.Route()?.ReadCertificates(from, answer), null, cancellationToken);

    private ValueTask<BlockReply> ReadAsync(
        int block, char kind, ReadOnlyMemory<SegmentSlice> values, ReadInto read, CancellationToken cancellationToken)
    {
        // Each delivery reads into memory of its own; only the answer that counts is copied to the caller.
        return AskAsync<(BlockReply Reply, SegmentSlice[] Values)>(
            Address.Block(block), kind,
            answer =>
            {
                var into = Copy(values);
                world.Blocks[block].Handle(r => read(r, into), reply => answer((reply, into)));
            },
            got => CopyTo(got, values), cancellationToken).Then(got => got.Reply);
    }

    /// <summary>
    /// A join does not say whom it takes over. One that comes after a restore, or after its process died, can't be told from that of
    /// a new process, and takes the rank from whoever plays it. Such joins are left out, so that no run depends on it.
    /// </summary>
    private bool IsTooLate(long generation) => process.IsDead || world.Record.Generation != generation;

    private void Joined(JoinReply reply)
    {
        if (reply.Status == CoordinatorStatus.Ok) (Generation, Incarnation) = (reply.Generation, reply.Incarnation);
    }

    private static void CopyTo((BlockReply Reply, SegmentSlice[] Values) got, ReadOnlyMemory<SegmentSlice> values)
    {
        if (got.Reply.Status is not (BlockStatus.Ok or BlockStatus.Duplicate)) return;
        for (var i = 0; i < got.Values.Length; i++) got.Values[i].Values.CopyTo(values.Span[i].Values);
    }

    private ValueTask<T> AskAsync<T>(
        Address to, char kind, Action<Action<T>> handle, Action<T>? received, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        world.CheckThread();
        var call = new PendingCall<T>(received, cancellationToken);
        var isRefused = world.Befalls(FaultKind.RefusedConnection);
        // A refused connection tells nothing of whether the request had left.
        if (isRefused) world.Scheduler.After(world.Scheduler.Milliseconds(0.1, 30), () => process.Do(call.Refuse));
        if (!isRefused || world.Scheduler.Chance(0.5))
        {
            world.Network.Send(_self, to, kind, () => handle(reply => world.Network.Send(
                to, _self, char.ToUpperInvariant(kind), () => process.Do(() => call.Complete(reply)), isReply: true)));
        }
        return new(call.Task);
    }

    private static SegmentSlice[] Copy(ReadOnlyMemory<SegmentSlice> slices)
    {
        var copy = slices.ToArray();
        for (var i = 0; i < copy.Length; i++) copy[i] = copy[i] with { Values = copy[i].Values.ToArray() };
        return copy;
    }

    private delegate BlockReply ReadInto(Core.Blocks.BlockReplica replica, SegmentSlice[] into);

    /// <summary>A request that waits for its answer, or for its sender to give up.</summary>
    private sealed class PendingCall<T>
    {
        private readonly TaskCompletionSource<T> _outcome = new();
        private readonly Action<T>? _received;
        private readonly CancellationTokenRegistration _registration;

        public PendingCall(Action<T>? received, CancellationToken token)
        {
            _received = received;
            _registration = token.UnsafeRegister(static (call, t) => ((PendingCall<T>)call!)._outcome.TrySetCanceled(t), this);
        }

        public Task<T> Task => _outcome.Task;

        public void Complete(T reply)
        {
            if (_outcome.Task.IsCompleted) return;
            _registration.Dispose();
            _received?.Invoke(reply);
            _outcome.TrySetResult(reply);
        }

        public void Refuse()
        {
            if (_outcome.Task.IsCompleted) return;
            _registration.Dispose();
            _outcome.TrySetException(new ServerUnavailableException("The connection was refused."));
        }
    }
}

internal static class ValueTaskExtensions
{
    public static async ValueTask<TTo> Then<TFrom, TTo>(this ValueTask<TFrom> task, Func<TFrom, TTo> then) =>
        then(await task.ConfigureAwait(false));
}
