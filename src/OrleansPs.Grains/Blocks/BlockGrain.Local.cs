using OrleansPs.Core.Blocks;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Replication;
using OrleansPs.Protocol;

namespace OrleansPs.Grains;

/// <summary>
/// How workers in this silo's process reach the block: on their own threads, under the lock that the grain's turns take too. The numbers are read
/// and written where the worker has them, and nothing is sent. What a standby is to be told is left to a turn.
/// </summary>
internal sealed partial class BlockGrain : ILocalBlock
{
    private Action? _feed;

    public bool TryPush(in MessageHeader header, Certificate? newest, ReadOnlySpan<SegmentSlice> gradient, out ValueTask<BlockReply> reply)
    {
        lock (_turn)
        {
            reply = default;
            if (Serving is not { } replica) return false;
            MessageRules.RequirePush(_spec, _shape, header, gradient);
            MessageRules.RequireCertificate(_spec, newest);
            using var decoded = TensorPayload.DecodedOf(gradient, _shape);
            reply = WhenSafeHere(header, replica.Push(header, newest, decoded is null ? gradient : decoded.Slices.Span));
            return true;
        }
    }

    public bool TryPull(in MessageHeader header, Certificate? newest, ReadOnlySpan<SegmentSlice> values, out ValueTask<BlockReply> reply)
    {
        lock (_turn)
        {
            reply = default;
            if (Serving is not { } replica || !pulse.MayAnswer) return false;
            MessageRules.RequireRead(_spec, _shape, header, values);
            MessageRules.RequireCertificate(_spec, newest);
            reply = new(replica.Pull(header, newest, values));
            FeedLater();
            return true;
        }
    }

    public bool TryPushPull(
        in MessageHeader header, Certificate? newest, ReadOnlySpan<SegmentSlice> gradient, ReadOnlySpan<SegmentSlice> values,
        out ValueTask<BlockReply> reply)
    {
        lock (_turn)
        {
            reply = default;
            if (Serving is not { } replica) return false;
            MessageRules.RequirePush(_spec, _shape, header, gradient);
            MessageRules.RequireRead(_spec, _shape, header, values);
            MessageRules.RequireCertificate(_spec, newest);
            using var decoded = TensorPayload.DecodedOf(gradient, _shape);
            reply = WhenSafeHere(header, replica.PushPull(header, newest, decoded is null ? gradient : decoded.Slices.Span, values));
            return true;
        }
    }

    private void Register() => local.Add(this.GetPrimaryKeyString(), this);

    private void Unregister() => local.Remove(this.GetPrimaryKeyString(), this);

    public bool TryAnswer(in BlockRequest request, out ValueTask<PullReply> answer)
    {
        lock (_turn)
        {
            answer = default;
            var pushes = request.Kind is BlockRequestKind.Push or BlockRequestKind.PushPull;
            if (Serving is not { } replica || (!pushes && !pulse.MayAnswer)) return false;
            if (request.Kind > BlockRequestKind.PushPull || (request.Payload is null && request.Kind != BlockRequestKind.Pull)) return false;
            var values = RoomFor(request);
            answer = pushes ? AnswerToPush(replica, request, values) : new(Answer(AnswerToPull(replica, request, values!), values!));
            return true;
        }
    }

    // What the rules say of a request, and room for what it reads.
    private TensorPayload? RoomFor(in BlockRequest request)
    {
        MessageRules.RequireCertificate(_spec, request.Newest);
        var slices = request.Payload is { } payload ? payload.Slices.Span : default;
        if (request.Kind == BlockRequestKind.PullRows)
        {
            MessageRules.RequirePull(_spec, _shape, request.Header, slices);
            return TensorPayload.Rent([new(0, checked(slices[0].Keys.Length * _spec.Tables[_shape.Table].Width))]);
        }
        if (request.Kind != BlockRequestKind.Pull) MessageRules.RequirePush(_spec, _shape, request.Header, slices);
        if (request.Kind == BlockRequestKind.Push) return null;
        MessageRules.RequirePull(_spec, _shape, request.Header, request.Segments ?? []);
        return Room(request.Segments ?? []);
    }

    private ValueTask<PullReply> AnswerToPush(BlockReplica replica, in BlockRequest request, TensorPayload? values)
    {
        request.Payload!.Decode(_shape);
        var gradient = request.Payload.Slices.Span;
        var reply = values is null
            ? replica.Push(request.Header, request.Newest, gradient)
            : replica.PushPull(request.Header, request.Newest, gradient, values.Slices.Span);
        var safe = WhenSafeHere(request.Header, reply);
        return safe.IsCompletedSuccessfully ? new(AnswerWith(safe.Result, values)) : SafePoint.AnswerAsync(safe, values, AnswerWith);
    }

    private static PullReply AnswerWith(BlockReply reply, TensorPayload? values) => values is null ? new(reply, null) : Answer(reply, values);

    private BlockReply AnswerToPull(BlockReplica replica, in BlockRequest request, TensorPayload values)
    {
        var into = values.Slices.Span;
        var reply = request.Kind == BlockRequestKind.PullRows
            ? replica.Pull(request.Header, request.Newest, [into[0] with { Keys = request.Payload!.Slices.Span[0].Keys }])
            : replica.Pull(request.Header, request.Newest, into);
        FeedLater();
        return reply;
    }

    private ValueTask<BlockReply> WhenSafeHere(in MessageHeader header, in BlockReply reply)
    {
        var block = _block!;
        FeedLater();
        var entry = block.RestsOn(reply);
        return block.SafeEntry >= entry ? new(reply) : SafePoint.AnswerAsync(_safe.WaitAsync(entry), reply, Elsewhere(header));
    }

    // A standby that lacks nothing is not fed.
    private void FeedLater()
    {
        if (_block is not { } block || block.Standbys.Count == 0 || block.Standbys.All(s => s.Acknowledged >= block.Replica.LastEntry)) return;
        GrainContext.Scheduler.QueueAction(_feed ??= Feed);
    }
}
