using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using OrleansPs.Client;
using OrleansPs.Core.Messages;

namespace OrleansPs.Protocol;

/// <summary>
/// The way of one session or reader to the grains of a model: finds the block, fills in its epoch, carries the numbers in a
/// payload of their own.
/// </summary>
/// <remarks>
/// Thread safe. Numbers are written to a connection from the caller's memory, or copied if there is none; when a push ends, however it ends, nobody reads
/// that memory any more, so a message that lingers in Orleans touches none of it. What was read is copied when it has come. A block in this very process
/// reads and writes the caller's memory itself, and only while it is being called.
/// </remarks>
internal sealed class ClusterTransport(
    IGrainFactory grains, string model, BlockRoutes routes, IBlockDoors? doors, ILocalBlocks? local = null) : IParameterTransport
{
    private readonly ICoordinatorGrain _coordinator = grains.GetGrain<ICoordinatorGrain>(model);
    private long _certifiedGeneration;

    /// <inheritdoc/>
    public bool IsInBurst => Burst.Current is not null;

    /// <inheritdoc/>
    public bool CarriesCodes => true;

    /// <inheritdoc/>
    public void BeginBurst() => Burst.Begin();

    /// <inheritdoc/>
    public void EndBurst() => Burst.End();

    [AsyncMethodBuilder(typeof(PooledMethodBuilder<>))]
    public async ValueTask<BlockReply> PushAsync(
        int block, MessageHeader header, Certificate? newest, ReadOnlyMemory<SegmentSlice> gradient,
        CancellationToken cancellationToken)
    {
        var route = await routes.FindAsync(block, header.Generation, cancellationToken).ConfigureAwait(false);
        if (IsPast(header, route, out var past)) return past;
        header = header with { Epoch = route.Epoch };
        if (LocalOf(route) is { } here && here.TryPush(header, newest, gradient.Span, out var pushed))
            return await HeardHereAsync(route, pushed, cancellationToken).ConfigureAwait(false);
        var payload = PayloadOf(gradient);
        BlockReply reply;
        try
        {
            reply = TryDoor(route, new(route.Key, BlockRequestKind.Push, header, newest, payload, null), BytesOf(gradient.Span), out var answer)
                ? (await AskAsync(route, answer, DisposeLate, cancellationToken).ConfigureAwait(false)).Reply
                : await AskAsync(route, route.Grain.Push(header, newest, payload), null, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            payload.Withdraw();
        }
        // One that was given up is left to whoever may still receive it.
        payload.Dispose();
        return await CheckedAsync(route, reply, cancellationToken).ConfigureAwait(false);
    }

    [AsyncMethodBuilder(typeof(PooledMethodBuilder<>))]
    public async ValueTask<BlockReply> PullAsync(
        int block, MessageHeader header, Certificate? newest, ReadOnlyMemory<SegmentSlice> values,
        CancellationToken cancellationToken)
    {
        var route = await routes.FindAsync(block, header.Generation, cancellationToken).ConfigureAwait(false);
        if (IsPast(header, route, out var past)) return past;
        header = header with { Epoch = route.Epoch };
        if (LocalOf(route) is { } here && here.TryPull(header, newest, values.Span, out var pulled))
            return await HeardHereAsync(route, pulled, cancellationToken).ConfigureAwait(false);
        if (values.Span[0].Keys.Length > 0) return await PullRowsAsync(route, header, newest, values, cancellationToken).ConfigureAwait(false);
        var segments = SegmentsOf(values.Span);
        if (!TryDoor(route, new(route.Key, BlockRequestKind.Pull, header, newest, null, segments), BytesOf(values.Span), out var answer))
            answer = route.Grain.Pull(header, newest, segments);
        var reply = await AskAsync(route, answer, DisposeLate, cancellationToken).ConfigureAwait(false);
        return await ReceivedAsync(route, reply, values, cancellationToken).ConfigureAwait(false);
    }

    [AsyncMethodBuilder(typeof(PooledMethodBuilder<>))]
    public async ValueTask<BlockReply> PushPullAsync(
        int block, MessageHeader header, Certificate? newest, ReadOnlyMemory<SegmentSlice> gradient,
        ReadOnlyMemory<SegmentSlice> values, CancellationToken cancellationToken)
    {
        var route = await routes.FindAsync(block, header.Generation, cancellationToken).ConfigureAwait(false);
        if (IsPast(header, route, out var past)) return past;
        header = header with { Epoch = route.Epoch };
        if (LocalOf(route) is { } here && here.TryPushPull(header, newest, gradient.Span, values.Span, out var done))
            return await HeardHereAsync(route, done, cancellationToken).ConfigureAwait(false);
        var (payload, segments) = values.Span[0].Keys.IsEmpty ? (PayloadOf(gradient), SegmentsOf(values.Span)) : (PayloadOf(WithKeysOf(gradient, values)), []);
        PullReply reply;
        try
        {
            var bytes = BytesOf(gradient.Span) + BytesOf(values.Span);
            if (!TryDoor(route, new(route.Key, BlockRequestKind.PushPull, header, newest, payload, segments), bytes, out var answer))
                answer = route.Grain.PushPull(header, newest, payload, segments);
            reply = await AskAsync(route, answer, DisposeLate, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            payload.Withdraw();
        }
        // One that was given up is left to whoever may still receive it.
        payload.Dispose();
        return await ReceivedAsync(route, reply, values, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<BlockReply> CertifyAsync(
        int block, MessageHeader header, IReadOnlyList<Certificate> certificates, CancellationToken cancellationToken)
    {
        var route = await routes.FindAsync(block, header.Generation, cancellationToken).ConfigureAwait(false);
        if (IsPast(header, route, out var past)) return past;
        var reply = await AskAsync(
            route, route.Grain.Certify(header with { Epoch = route.Epoch }, [.. certificates]), null, cancellationToken)
            .ConfigureAwait(false);
        return await CheckedAsync(route, reply, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<JoinReply> JoinAsync(JoinCommand command, CancellationToken cancellationToken)
    {
        var reply = await CoordinateAsync(c => c.Join(command), cancellationToken).ConfigureAwait(false);
        return Noted(reply, reply.Status, reply.Generation, reply.MapVersion);
    }

    public async ValueTask<ClockReply> ClockAsync(ClockCommand command, CancellationToken cancellationToken)
    {
        var reply = await CoordinateAsync(c => c.Clock(command), cancellationToken).ConfigureAwait(false);
        return Noted(reply, reply.Status, command.Generation, reply.MapVersion);
    }

    public async ValueTask<PresenceReply> PresenceAsync(PresenceCommand command, CancellationToken cancellationToken)
    {
        var reply = await CoordinateAsync(c => c.Presence(command), cancellationToken).ConfigureAwait(false);
        return Noted(reply, reply.Status, command.Generation, reply.MapVersion);
    }

    public async ValueTask<IReadOnlyList<Certificate>> CertificatesAsync(long from, CancellationToken cancellationToken)
    {
        var reply = await CoordinateAsync(c => c.Certificates(from), cancellationToken).ConfigureAwait(false);
        var newest = Interlocked.Read(ref _certifiedGeneration);
        while (reply.Generation > newest)
        {
            var before = Interlocked.CompareExchange(ref _certifiedGeneration, reply.Generation, newest);
            if (before == newest) break;
            newest = before;
        }
        return reply.Generation >= newest ? reply.Certificates
            : throw new ServerUnavailableException($"A coordinator of model '{model}' answered that is no longer the model's.");
    }

    [AsyncMethodBuilder(typeof(PooledMethodBuilder<>))]
    private async ValueTask<BlockReply> PullRowsAsync(
        BlockRoute route, MessageHeader header, Certificate? newest, ReadOnlyMemory<SegmentSlice> values, CancellationToken cancellationToken)
    {
        var keys = TensorPayload.KeysOf(values.Span);
        if (!TryDoor(route, new(route.Key, BlockRequestKind.PullRows, header, newest, keys, null), BytesOf(values.Span), out var answer))
            answer = route.Grain.PullRows(header, newest, keys);
        var reply = await AskAsync(route, answer, DisposeLate, cancellationToken).ConfigureAwait(false);
        keys.Dispose();
        return await ReceivedAsync(route, reply, values, cancellationToken).ConfigureAwait(false);
    }

    private ILocalBlock? LocalOf(in BlockRoute route) => local is not null && local.TryFind(route.Key, out var block) ? block : null;

    [AsyncMethodBuilder(typeof(PooledMethodBuilder<>))]
    private async ValueTask<BlockReply> HeardHereAsync(BlockRoute route, ValueTask<BlockReply> call, CancellationToken cancellationToken) =>
        await CheckedAsync(route, await AskAsync(route, call, null, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    // A small request waits for those that are made with it; one that travels alone takes the way through the door only where that is shorter.
    private bool TryDoor(in BlockRoute route, in BlockRequest request, long bytes, out ValueTask<PullReply> answer)
    {
        answer = default;
        var burst = bytes <= Burst.LargestRequest ? Burst.Current : null;
        if (doors is null || (burst is null && !doors.SaveHops) || doors.Of(route.Silo) is not { } door) return false;
        answer = burst is null ? Burst.SendAlone(doors, route.Silo, door, request) : burst.Add(doors, route.Silo, door, request, (int)bytes);
        return true;
    }

    // What goes over a connection is written there from the caller's memory; within the process who receives it may read it late. Memory that is no array
    // may run its owner's code when it is read.
    private TensorPayload PayloadOf(ReadOnlyMemory<SegmentSlice> gradient) =>
        doors is { AreRemote: true } && AreArrays(gradient.Span) ? TensorPayload.Borrow(gradient) : TensorPayload.CopyOf(gradient.Span);

    private static bool AreArrays(ReadOnlySpan<SegmentSlice> slices)
    {
        foreach (var slice in slices)
            if (!MemoryMarshal.TryGetArray<float>(slice.Values, out _) || !MemoryMarshal.TryGetArray(slice.Keys, out _)) return false;
        return true;
    }

    private static long BytesOf(ReadOnlySpan<SegmentSlice> slices)
    {
        var bytes = 0L;
        foreach (var slice in slices) bytes += slice.Bytes;
        return bytes;
    }

    private async ValueTask<T> CoordinateAsync<T>(Func<ICoordinatorGrain, Task<Outcome<T>>> send, CancellationToken cancellationToken)
    {
        await routes.FindCoordinatorAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var call = new ValueTask<Outcome<T>>(send(_coordinator));
            var outcome = await OpenCall<Outcome<T>>.WaitAsync(
                routes.OpenCalls, call, OpenCall.Coordinator, routes.Map, null, cancellationToken).ConfigureAwait(false);
            return outcome.Get();
        }
        catch (ServerUnavailableException e) when (IsRefusal(e))
        {
            routes.DoubtCoordinator();
            throw;
        }
    }

    private TReply Noted<TReply>(TReply reply, CoordinatorStatus status, long generation, long mapVersion)
    {
        if (status == CoordinatorStatus.Ok) routes.NoteVersion(generation, mapVersion);
        else if (status == CoordinatorStatus.NotCoordinator) routes.DoubtCoordinator();
        return reply;
    }

    // Who speaks of an older generation than the map's is out of date, wherever the block is.
    private static bool IsPast(in MessageHeader header, in BlockRoute route, out BlockReply reply)
    {
        reply = new(BlockStatus.OtherGeneration, 0, 0, route.Map.Generation);
        return route.Map.Generation > header.Generation;
    }

    [AsyncMethodBuilder(typeof(PooledMethodBuilder<>))]
    private async ValueTask<T> AskAsync<T>(BlockRoute route, ValueTask<T> call, Action<T>? whenLate, CancellationToken cancellationToken)
    {
        try
        {
            return await OpenCall<T>.WaitAsync(routes.OpenCalls, call, route.Block, route.Map, whenLate, cancellationToken).ConfigureAwait(false);
        }
        catch (ServerUnavailableException e) when (IsRefusal(e))
        {
            // The block's silo may be gone.
            routes.Doubt(route);
            throw;
        }
    }

    // What Orleans reports, and not that a call was given up here.
    private static bool IsRefusal(ServerUnavailableException e) => e.InnerException is not null;

    [AsyncMethodBuilder(typeof(PooledMethodBuilder<>))]
    private async ValueTask<BlockReply> CheckedAsync(BlockRoute route, BlockReply reply, CancellationToken cancellationToken)
    {
        if (reply.Status is BlockStatus.OtherEpoch or BlockStatus.OtherGeneration)
        {
            if (reply.Status == BlockStatus.OtherEpoch) routes.Doubt(route);
            else routes.Refresh();
            return reply;
        }
        // A silo that was declared dead may go on answering for a while.
        if (await routes.IsCurrentAsync(route, cancellationToken).ConfigureAwait(false)) return reply;
        throw new ServerUnavailableException($"Block {route.Block} of model '{model}' answered from where it is no longer.");
    }

    [AsyncMethodBuilder(typeof(PooledMethodBuilder<>))]
    private async ValueTask<BlockReply> ReceivedAsync(
        BlockRoute route, PullReply answer, ReadOnlyMemory<SegmentSlice> values, CancellationToken cancellationToken)
    {
        using var payload = answer.Values;
        var reply = await CheckedAsync(route, answer.Reply, cancellationToken).ConfigureAwait(false);
        if (reply.Status is not (BlockStatus.Ok or BlockStatus.Duplicate)) return reply;
        return payload is not null && payload.TryCopyTo(values.Span) ? reply
            : throw new ServerUnavailableException($"Block {route.Block} of model '{model}' answered without its values.");
    }

    // Rows that are read and not pushed are a second piece, of keys alone.
    private static ReadOnlyMemory<SegmentSlice> WithKeysOf(ReadOnlyMemory<SegmentSlice> gradient, ReadOnlyMemory<SegmentSlice> values)
    {
        var (pushed, keys) = (gradient.Span[0], values.Span[0].Keys);
        return pushed.Keys.Span.SequenceEqual(keys.Span) ? gradient : new SegmentSlice[] { pushed, new(0, Memory<float>.Empty) { Keys = keys } };
    }

    private static int[] SegmentsOf(ReadOnlySpan<SegmentSlice> slices)
    {
        var segments = new int[slices.Length];
        for (var i = 0; i < segments.Length; i++) segments[i] = slices[i].Segment;
        return segments;
    }

    private static void DisposeLate(PullReply late) => late.Values?.Dispose();
}
