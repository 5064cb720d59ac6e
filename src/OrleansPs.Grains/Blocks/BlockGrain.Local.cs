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
            if (request.Kind > BlockRequestKind.PushPull || IsIncomplete(request) || !Serves(request, out var replica)) return false;
            var values = RoomFor(request);
            var reply = Run(replica, request, values);
            if (request.Pushes)
            {
                var safe = WhenSafeHere(request.Header, reply);
                answer = safe.IsCompletedSuccessfully ? new(AnswerWith(safe.Result, values)) : SafePoint.AnswerAsync(safe, values, AnswerWith);
            }
            else
            {
                FeedLater();
                answer = new(AnswerWith(reply, values));
            }
            return true;
        }
    }

    private static PullReply AnswerWith(BlockReply reply, TensorPayload? values) => values is null ? new(reply, null) : Answer(reply, values);

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
