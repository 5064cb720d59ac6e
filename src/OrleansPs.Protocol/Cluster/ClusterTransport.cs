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
            route, route.Grain.Push(header with { Epoch = route.Epoch }, newest, payload), null, cancellationToken).ConfigureAwait(false);
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
            route, route.Grain.Pull(header with { Epoch = route.Epoch }, newest, SegmentsOf(values.Span)), DisposeLate,
            cancellationToken).ConfigureAwait(false);
        return Received(block, route, reply, values.Span);
    }

    public async ValueTask<BlockReply> PushPullAsync(
        int block, MessageHeader header, Certificate? newest, ReadOnlyMemory<SegmentSlice> gradient,
        ReadOnlyMemory<SegmentSlice> values, CancellationToken cancellationToken)
    {
        var route = await routes.FindAsync(block, header.Generation, cancellationToken).ConfigureAwait(false);
        if (IsPast(header, route, out var past)) return past;
        var payload = TensorPayload.CopyOf(gradient.Span);
        var reply = await AskAsync(
            route, route.Grain.PushPull(header with { Epoch = route.Epoch }, newest, payload, SegmentsOf(values.Span)), DisposeLate,
            cancellationToken).ConfigureAwait(false);
        payload.Dispose();
        return Received(block, route, reply, values.Span);
    }

    public async ValueTask<BlockReply> CertifyAsync(
        int block, MessageHeader header, IReadOnlyList<Certificate> certificates, CancellationToken cancellationToken)
    {
        var route = await routes.FindAsync(block, header.Generation, cancellationToken).ConfigureAwait(false);
        if (IsPast(header, route, out var past)) return past;
        var reply = await AskAsync(
            route, route.Grain.Certify(header with { Epoch = route.Epoch }, [.. certificates]), null, cancellationToken)
            .ConfigureAwait(false);
        return Checked(route, reply);
    }

    public ValueTask<JoinReply> JoinAsync(JoinCommand command, CancellationToken cancellationToken) =>
        CoordinateAsync(_coordinator.Join(command), cancellationToken);

    public ValueTask<ClockReply> ClockAsync(ClockCommand command, CancellationToken cancellationToken) =>
        CoordinateAsync(_coordinator.Clock(command), cancellationToken);

    public ValueTask<PresenceReply> PresenceAsync(PresenceCommand command, CancellationToken cancellationToken) =>
        CoordinateAsync(_coordinator.Presence(command), cancellationToken);

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

    private static async ValueTask<T> CoordinateAsync<T>(Task<Outcome<T>> call, CancellationToken cancellationToken) =>
        (await Calls.WaitAsync(call, cancellationToken).ConfigureAwait(false)).Get();

    // Who speaks of an older generation than the map's is out of date, wherever the block is.
    private static bool IsPast(in MessageHeader header, in BlockRoute route, out BlockReply reply)
    {
        reply = new(BlockStatus.OtherGeneration, 0, 0, route.Map.Generation);
        return route.Map.Generation > header.Generation;
    }

    private async ValueTask<T> AskAsync<T>(BlockRoute route, ValueTask<T> call, Action<T>? whenLate, CancellationToken cancellationToken)
    {
        try
        {
            return await Calls.WaitAsync(call, whenLate, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or ServerUnavailableException)
        {
            // The block's silo may be gone.
            routes.Doubt(route.Map);
            throw;
        }
    }

    private BlockReply Checked(in BlockRoute route, in BlockReply reply)
    {
        if (reply.Status is BlockStatus.OtherEpoch or BlockStatus.OtherGeneration) routes.Doubt(route.Map);
        return reply;
    }

    private BlockReply Received(int block, in BlockRoute route, in PullReply answer, ReadOnlySpan<SegmentSlice> values)
    {
        using var payload = answer.Values;
        var reply = Checked(route, answer.Reply);
        if (reply.Status is not (BlockStatus.Ok or BlockStatus.Duplicate)) return reply;
        return payload is not null && payload.TryCopyTo(values) ? reply
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
