using Orleans.Concurrency;
using Orleans.GrainDirectory;
using Orleans.Placement;
using OrleansPs.Core.Blocks;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;
using OrleansPs.Protocol;

namespace OrleansPs.Grains;

/// <summary>
/// One replica of one block: lets messages into its replica, each of which runs to its end without waiting. An activation is
/// blank until the coordinator begins it, and blank ones serve nothing: Orleans makes them as it likes.
/// </summary>
[Reentrant, KeepAlive, Immovable, RandomPlacement, GrainDirectory(PlaceDirectory.Name)]
internal sealed partial class BlockGrain(SpecCache specs, SiloStorage storage, ILocalSiloDetails silo) : Grain, IBlockGrain, IBlockControl
{
    private readonly Guid _nonce = Guid.NewGuid();
    private ModelSpec _spec = null!;
    private BlockShape _shape = null!;
    private BlockImage? _image;
    private StateBuffer? _received;
    private BlockReplica? _replica;
    private bool _isPrepared;
    private bool _isStopped;

    private BlockReplica? Serving => _isStopped ? null : _replica;

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        Release();
        return Task.CompletedTask;
    }

    public ValueTask<BlockReply> Push(MessageHeader header, Certificate? newest, TensorPayload gradient)
    {
        using (gradient)
        {
            if (Serving is not { } replica) return new(Blank(header));
            if (gradient is null) return new(Incomplete(replica));
            MessageRules.RequirePush(_spec, _shape, header, gradient.Slices.Span);
            MessageRules.RequireCertificate(_spec, newest);
            return new(replica.Push(header, newest, gradient.Slices.Span));
        }
    }

    public ValueTask<PullReply> Pull(MessageHeader header, Certificate? newest, int[] segments)
    {
        if (Serving is not { } replica) return new(new PullReply(Blank(header), null));
        MessageRules.RequirePull(_spec, _shape, header, segments);
        MessageRules.RequireCertificate(_spec, newest);
        var values = Room(segments);
        return new(Answer(replica.Pull(header, newest, values.Slices.Span), values));
    }

    public ValueTask<PullReply> PushPull(MessageHeader header, Certificate? newest, TensorPayload gradient, int[] segments)
    {
        using (gradient)
        {
            if (Serving is not { } replica) return new(new PullReply(Blank(header), null));
            if (gradient is null) return new(new PullReply(Incomplete(replica), null));
            MessageRules.RequirePush(_spec, _shape, header, gradient.Slices.Span);
            MessageRules.RequirePull(_spec, _shape, header, segments);
            MessageRules.RequireCertificate(_spec, newest);
            var values = Room(segments);
            return new(Answer(replica.PushPull(header, newest, gradient.Slices.Span, values.Slices.Span), values));
        }
    }

    public ValueTask<BlockReply> Certify(MessageHeader header, Certificate[] certificates)
    {
        if (Serving is not { } replica) return new(Blank(header));
        foreach (var certificate in certificates) MessageRules.RequireCertificate(_spec, certificate);
        return new(replica.Certify(header, certificates));
    }

    private TensorPayload Room(int[] segments)
    {
        var pieces = new (int, int)[segments.Length];
        for (var i = 0; i < pieces.Length; i++) pieces[i] = (segments[i], _shape.Segments[segments[i]].Length);
        return TensorPayload.Rent(pieces);
    }

    private static PullReply Answer(in BlockReply reply, TensorPayload values)
    {
        if (reply.Status is BlockStatus.Ok or BlockStatus.Duplicate) return new(reply, values);
        values.Dispose();
        return new(reply, null);
    }

    // The sender's generation, so that nobody takes a blank activation's word for a restore.
    private BlockReply Blank(in MessageHeader header)
    {
        if (!_isPrepared && _replica is null) DeactivateOnIdle();
        return new(BlockStatus.OtherEpoch, 0, 0, header.Generation);
    }

    private static BlockReply Incomplete(BlockReplica replica) =>
        new(BlockStatus.Incomplete, replica.Version, replica.Version, replica.Generation);

    private void Release()
    {
        _replica?.Release();
        (_replica, _image, _received, _isPrepared) = (null, null, null, false);
    }
}
