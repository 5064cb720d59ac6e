using OrleansPs.Client;
using OrleansPs.Core.Messages;

namespace OrleansPs.Protocol;

/// <summary>
/// The way of one session or reader to the grains of a model: finds the block, fills in its epoch, carries the numbers in a
/// payload of their own.
/// </summary>
/// <remarks>
/// Thread safe. Numbers are copied before they are sent and after they have come, so a message that lingers in Orleans touches
/// no memory of a caller.
/// </remarks>
internal sealed class ClusterTransport(IGrainFactory grains, string model, BlockRoutes routes) : IParameterTransport
{
    private readonly ICoordinatorGrain _coordinator = grains.GetGrain<ICoordinatorGrain>(model);
    private long _certifiedGeneration;

    public async ValueTask<BlockReply> PushAsync(
        int block, MessageHeader header, Certificate? newest, ReadOnlyMemory<SegmentSlice> gradient,
        CancellationToken cancellationToken)
    {
        var route = await routes.FindAsync(block, header.Generation, cancellationToken).ConfigureAwait(false);
        if (IsPast(header, route, out var past)) return past;
        var payload = TensorPayload.CopyOf(gradient.Span);
        var reply = await AskAsync(
            block, route, route.Grain.Push(header with { Epoch = route.Epoch }, newest, payload), null, cancellationToken).ConfigureAwait(false);
        payload.Dispose();
        return Checked(route, reply);
    }

    public async ValueTask<BlockReply> PullAsync(
        int block, MessageHeader header, Certificate? newest, ReadOnlyMemory<SegmentSlice> values,
        CancellationToken cancellationToken)
    {
        var route = await routes.FindAsync(block, header.Generation, cancellationToken).ConfigureAwait(false);
        if (IsPast(header, route, out var past)) return past;
        var reply = await AskAsync(
            block, route, route.Grain.Pull(header with { Epoch = route.Epoch }, newest, SegmentsOf(values.Span)), DisposeLate,
            cancellationToken).ConfigureAwait(false);
        return await ReceivedAsync(block, route, reply, values, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<BlockReply> PushPullAsync(
        int block, MessageHeader header, Certificate? newest, ReadOnlyMemory<SegmentSlice> gradient,
        ReadOnlyMemory<SegmentSlice> values, CancellationToken cancellationToken)
    {
        var route = await routes.FindAsync(block, header.Generation, cancellationToken).ConfigureAwait(false);
        if (IsPast(header, route, out var past)) return past;
        var payload = TensorPayload.CopyOf(gradient.Span);
        var reply = await AskAsync(
            block, route, route.Grain.PushPull(header with { Epoch = route.Epoch }, newest, payload, SegmentsOf(values.Span)), DisposeLate,
            cancellationToken).ConfigureAwait(false);
        payload.Dispose();
        return await ReceivedAsync(block, route, reply, values, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask<BlockReply> CertifyAsync(
        int block, MessageHeader header, IReadOnlyList<Certificate> certificates, CancellationToken cancellationToken)
    {
        var route = await routes.FindAsync(block, header.Generation, cancellationToken).ConfigureAwait(false);
        if (IsPast(header, route, out var past)) return past;
        var reply = await AskAsync(
            block, route, route.Grain.Certify(header with { Epoch = route.Epoch }, [.. certificates]), null, cancellationToken)
            .ConfigureAwait(false);
        return Checked(route, reply);
    }

    public async ValueTask<JoinReply> JoinAsync(JoinCommand command, CancellationToken cancellationToken)
    {
        var reply = await CoordinateAsync(_coordinator.Join(command), cancellationToken).ConfigureAwait(false);
        if (reply.Status == CoordinatorStatus.Ok) routes.Note(reply.Generation, reply.MapVersion);
        return reply;
    }

    public async ValueTask<ClockReply> ClockAsync(ClockCommand command, CancellationToken cancellationToken)
    {
        var reply = await CoordinateAsync(_coordinator.Clock(command), cancellationToken).ConfigureAwait(false);
        if (reply.Status == CoordinatorStatus.Ok) routes.Note(command.Generation, reply.MapVersion);
        return reply;
    }

    public async ValueTask<PresenceReply> PresenceAsync(PresenceCommand command, CancellationToken cancellationToken)
    {
        var reply = await CoordinateAsync(_coordinator.Presence(command), cancellationToken).ConfigureAwait(false);
        if (reply.Status == CoordinatorStatus.Ok) routes.Note(command.Generation, reply.MapVersion);
        return reply;
    }

    public async ValueTask<IReadOnlyList<Certificate>> CertificatesAsync(long from, CancellationToken cancellationToken)
    {
        var reply = await CoordinateAsync(_coordinator.Certificates(from), cancellationToken).ConfigureAwait(false);
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

    private async ValueTask<T> CoordinateAsync<T>(Task<Outcome<T>> call, CancellationToken cancellationToken)
    {
        var open = routes.Calls.Begin(-1, routes.Coordinator);
        try
        {
            return (await Calls.WaitAsync(new ValueTask<Outcome<T>>(call), null, open.Abandoned, cancellationToken).ConfigureAwait(false)).Get();
        }
        finally
        {
            routes.Calls.End(open);
        }
    }

    // Who speaks of an older generation than the map's is out of date, wherever the block is.
    private static bool IsPast(in MessageHeader header, in BlockRoute route, out BlockReply reply)
    {
        reply = new(BlockStatus.OtherGeneration, 0, 0, route.Map.Generation);
        return route.Map.Generation > header.Generation;
    }

    private async ValueTask<T> AskAsync<T>(
        int block, BlockRoute route, ValueTask<T> call, Action<T>? whenLate, CancellationToken cancellationToken)
    {
        if (call.IsCompletedSuccessfully) return call.Result;
        var open = routes.Calls.Begin(block, route);
        try
        {
            return await Calls.WaitAsync(call, whenLate, open.Abandoned, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or ServerUnavailableException)
        {
            // The block's silo may be gone.
            routes.Doubt(route.Map, isContradicted: false);
            throw;
        }
        finally
        {
            routes.Calls.End(open);
        }
    }

    private BlockReply Checked(in BlockRoute route, in BlockReply reply)
    {
        if (reply.Status is BlockStatus.OtherEpoch or BlockStatus.OtherGeneration) routes.Doubt(route.Map, isContradicted: true);
        return reply;
    }

    private async ValueTask<BlockReply> ReceivedAsync(
        int block, BlockRoute route, PullReply answer, ReadOnlyMemory<SegmentSlice> values, CancellationToken cancellationToken)
    {
        using var payload = answer.Values;
        var reply = Checked(route, answer.Reply);
        if (reply.Status is not (BlockStatus.Ok or BlockStatus.Duplicate)) return reply;
        // Who answered may be the primary no longer, and not know it.
        if (!await routes.IsCurrentAsync(block, route, cancellationToken).ConfigureAwait(false))
            return reply with { Status = BlockStatus.OtherEpoch };
        return payload is not null && payload.TryCopyTo(values.Span) ? reply
            : throw new ServerUnavailableException($"Block {block} of model '{model}' answered without its values.");
    }

    private static int[] SegmentsOf(ReadOnlySpan<SegmentSlice> slices)
    {
        var segments = new int[slices.Length];
        for (var i = 0; i < segments.Length; i++) segments[i] = slices[i].Segment;
        return segments;
    }

    private static void DisposeLate(PullReply late) => late.Values?.Dispose();
}
