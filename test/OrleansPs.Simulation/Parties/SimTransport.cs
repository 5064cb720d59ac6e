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
    private readonly SimRoutes _routes = new();

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
        return AskBlockAsync(block, 'p', header, true, (r, h, _) => r.Push(h, newest, copy), default, cancellationToken);
    }

    public ValueTask<BlockReply> PullAsync(
        int block, MessageHeader header, Certificate? newest, ReadOnlyMemory<SegmentSlice> values,
        CancellationToken cancellationToken) =>
        AskBlockAsync(block, 'r', header, false, (r, h, into) => r.Pull(h, newest, into), values, cancellationToken);

    public ValueTask<BlockReply> PushPullAsync(
        int block, MessageHeader header, Certificate? newest, ReadOnlyMemory<SegmentSlice> gradient,
        ReadOnlyMemory<SegmentSlice> values, CancellationToken cancellationToken)
    {
        world.Attempt(header);
        var copy = Copy(gradient);
        return AskBlockAsync(block, 'q', header, true, (r, h, into) => r.PushPull(h, newest, copy, into), values, cancellationToken);
    }

    public ValueTask<BlockReply> CertifyAsync(
        int block, MessageHeader header, IReadOnlyList<Certificate> certificates, CancellationToken cancellationToken) =>
        AskBlockAsync(block, 'c', header, true, (r, h, _) => r.Certify(h, certificates), default, cancellationToken);

    public ValueTask<JoinReply> JoinAsync(JoinCommand command, CancellationToken cancellationToken)
    {
        var generation = world.Record.Generation;
        return AskCoordinatorAsync<JoinReply>('j', (coordinator, answer) =>
        {
            if (!IsTooLate(generation)) coordinator.Call((c, call, now) => c.Join(call, command, now), reply => answer((JoinReply)reply));
        }, Joined, cancellationToken);
    }

    public ValueTask<ClockReply> ClockAsync(ClockCommand command, CancellationToken cancellationToken) =>
        AskCoordinatorAsync<ClockReply>(
            'k', (coordinator, answer) => coordinator.Call((c, call, now) => c.Clock(call, command, now), reply => answer((ClockReply)reply)),
            reply =>
            {
                if (reply.Status == CoordinatorStatus.Ok) _routes.Knowledge.Note(command.Generation, reply.MapVersion);
            }, cancellationToken);

    public ValueTask<PresenceReply> PresenceAsync(PresenceCommand command, CancellationToken cancellationToken) =>
        AskCoordinatorAsync<PresenceReply>(
            'h', (coordinator, answer) => coordinator.Call((c, call, now) => c.Presence(call, command, now), reply => answer((PresenceReply)reply)),
            reply =>
            {
                if (reply.Status == CoordinatorStatus.Ok) _routes.Knowledge.Note(command.Generation, reply.MapVersion);
            }, cancellationToken);

    public ValueTask<IReadOnlyList<Certificate>> CertificatesAsync(long from, CancellationToken cancellationToken) =>
        AskCoordinatorAsync<IReadOnlyList<Certificate>>('x', (coordinator, answer) =>
        {
            if (coordinator.Generation >= Generation) coordinator.ReadCertificates(from, answer);
        }, null, cancellationToken);

    private ValueTask<KnownMap> AskMapAsync(CancellationToken cancellationToken) =>
        AskCoordinatorAsync<KnownMap>('m', (coordinator, answer) => coordinator.ReadMap(answer), null, cancellationToken);

    /// <summary>
    /// Sends a message to the replica that the map names. What it answers counts only if no newer map says otherwise. Each delivery reads
    /// into memory of its own; only the answer that counts is copied to the caller.
    /// </summary>
    private async ValueTask<BlockReply> AskBlockAsync(
        int block, char kind, MessageHeader header, bool rests, Handle handle, ReadOnlyMemory<SegmentSlice> values,
        CancellationToken cancellationToken)
    {
        var map = await _routes.FindAsync(header.Generation, AskMapAsync, cancellationToken).ConfigureAwait(false);
        if (map.Generation > header.Generation) return new(BlockStatus.OtherGeneration, 0, 0, map.Generation);
        var sites = map.Sites[block];
        var sent = header with { Epoch = sites.Epoch };
        var asked = Copy(values);
        (BlockReply Reply, SegmentSlice[] Values) got;
        try
        {
            got = await AskAsync<(BlockReply, SegmentSlice[])>(world.Cluster.Find(sites.Primary.Silo), kind, (silo, answer) =>
            {
                var into = Copy(asked);
                if (silo.Replicas.TryGetValue(sites.Primary.Nonce, out var replica))
                    replica.Serve(sent, rests, r => handle(r, sent, into), reply => answer((reply, into)));
                else answer((SimReplica.Elsewhere(sent.Generation), into));
            }, null, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or ServerUnavailableException)
        {
            _routes.Doubt(map);
            throw;
        }
        if (got.Reply.Status is BlockStatus.OtherEpoch or BlockStatus.OtherGeneration) _routes.Doubt(map);
        else if (_routes.Knowledge.IsOutdated(map.Generation, map.Version))
        {
            var newest = await _routes.FindAsync(header.Generation, AskMapAsync, cancellationToken).ConfigureAwait(false);
            if (newest.Generation != map.Generation || newest.Sites[block].Epoch != sites.Epoch || newest.Sites[block].Primary != sites.Primary)
                return SimReplica.Elsewhere(header.Generation);
        }
        CopyTo(got, values);
        return got.Reply;
    }

    /// <summary>
    /// A join does not say whom it takes over. One that comes after a restore, or after its process died, can't be told from that of
    /// a new process, and takes the rank from whoever plays it. Such joins are left out, so that no run depends on it.
    /// </summary>
    private bool IsTooLate(long generation) => process.IsDead || world.Record.Generation != generation;

    private void Joined(JoinReply reply)
    {
        if (reply.Status != CoordinatorStatus.Ok) return;
        (Generation, Incarnation) = (reply.Generation, reply.Incarnation);
        _routes.Knowledge.Note(reply.Generation, reply.MapVersion);
    }

    private static void CopyTo((BlockReply Reply, SegmentSlice[] Values) got, ReadOnlyMemory<SegmentSlice> values)
    {
        if (got.Reply.Status is not (BlockStatus.Ok or BlockStatus.Duplicate)) return;
        for (var i = 0; i < got.Values.Length; i++) got.Values[i].Values.CopyTo(values.Span[i].Values);
    }

    private ValueTask<T> AskCoordinatorAsync<T>(
        char kind, Action<SimCoordinator, Action<T>> handle, Action<T>? received, CancellationToken cancellationToken)
    {
        var coordinator = world.Route();
        return AskAsync(coordinator?.Silo, kind, (_, answer) => handle(coordinator!, answer), received, cancellationToken);
    }

    private ValueTask<T> AskAsync<T>(
        SimSilo? to, char kind, Action<SimSilo, Action<T>> handle, Action<T>? received, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        world.CheckThread();
        var call = new PendingCall<T>(received, cancellationToken);
        var isRefused = world.Befalls(FaultKind.RefusedConnection);
        // A refused connection tells nothing of whether the request had left.
        if (isRefused) world.Scheduler.After(world.Scheduler.Milliseconds(0.1, 30), () => process.Do(call.Refuse));
        if (to is not null && (!isRefused || world.Scheduler.Chance(0.5)))
        {
            world.Network.Send(_self, to.Address, kind, () => to.Process.Do(() => handle(to, reply => world.Network.Send(
                to.Address, _self, char.ToUpperInvariant(kind), () => process.Do(() => call.Complete(reply)), isReply: true))));
        }
        return new(call.Task);
    }

    private static SegmentSlice[] Copy(ReadOnlyMemory<SegmentSlice> slices)
    {
        var copy = slices.ToArray();
        for (var i = 0; i < copy.Length; i++) copy[i] = copy[i] with { Values = copy[i].Values.ToArray(), Keys = copy[i].Keys.ToArray() };
        return copy;
    }

    private delegate BlockReply Handle(Core.Blocks.BlockReplica replica, MessageHeader header, SegmentSlice[] into);

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
