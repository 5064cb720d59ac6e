using Orleans.Concurrency;
using Orleans.GrainDirectory;
using Orleans.Placement;
using OrleansPs.Core.Blocks;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Replication;
using OrleansPs.Core.Snapshots;
using OrleansPs.Protocol;

namespace OrleansPs.Grains;

/// <summary>
/// One replica of one block: lets messages into its replica, each of which runs to its end without waiting; a reply waits until
/// the standby has what it tells. An activation is blank until the coordinator begins it, and blank ones serve nothing: Orleans makes them as it likes.
/// </summary>
[Reentrant, KeepAlive, Immovable, RandomPlacement, GrainDirectory(PlaceDirectory.Name)]
internal sealed partial class BlockGrain(
    SpecCache specs, SiloStorage storage, ILocalSiloDetails silo, SiloPulse pulse, LocalBlocks local, TimeProvider time)
    : Grain, IBlockGrain, IBlockControl
{
    private readonly ReplicaLife _life = new(Guid.NewGuid());
    private readonly SafePoint _safe = new();
    // Taken by whatever reads or changes the block: turns, and workers in this process, which are in none.
    private readonly Lock _turn = new();
    private ModelSpec _spec = null!;
    private BlockShape _shape = null!;
    private BlockImage? _image;
    private StateBuffer? _received;
    private ReplicatedBlock? _block;
    private bool _isPrepared;

    /// <summary>The replica, if it is the primary.</summary>
    private BlockReplica? Serving => _block is { Role: ReplicaRole.Primary } block ? block.Replica : null;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        Register();
        this.RegisterGrainTimer(LookForOwnerAsync, new() { DueTime = OrphanWatch.Period, Period = OrphanWatch.Period, Interleave = true });
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        Unregister();
        Release();
        return Task.CompletedTask;
    }

    public ValueTask<BlockReply> Push(MessageHeader header, Certificate? newest, TensorPayload gradient)
    {
        using (gradient)
        lock (_turn)
        {
            if (Serving is not { } replica) return new(Blank(header));
            if (gradient is null) return new(Incomplete(replica));
            MessageRules.RequirePush(_spec, _shape, header, gradient.Slices.Span);
            MessageRules.RequireCertificate(_spec, newest);
            gradient.Decode(_shape);
            return WhenSafe(header, replica.Push(header, newest, gradient.Slices.Span));
        }
    }

    public ValueTask<PullReply> Pull(MessageHeader header, Certificate? newest, int[] segments)
    {
        lock (_turn)
        {
            // A silo that was away does not know whether another one has been made the primary meanwhile.
            if (Serving is not { } replica || !pulse.MayAnswer) return new(new PullReply(Blank(header), null));
            MessageRules.RequirePull(_spec, _shape, header, segments);
            MessageRules.RequireCertificate(_spec, newest);
            var values = Room(segments);
            var reply = replica.Pull(header, newest, values.Slices.Span);
            Feed();
            return new(Answer(reply, values));
        }
    }

    public ValueTask<PullReply> PullRows(MessageHeader header, Certificate? newest, TensorPayload keys)
    {
        using (keys)
        lock (_turn)
        {
            if (Serving is not { } replica || !pulse.MayAnswer) return new(new PullReply(Blank(header), null));
            if (keys is null) return new(new PullReply(Incomplete(replica), null));
            MessageRules.RequirePull(_spec, _shape, header, keys.Slices.Span);
            MessageRules.RequireCertificate(_spec, newest);
            var asked = keys.Slices.Span[0].Keys;
            var values = TensorPayload.Rent([new(0, checked(asked.Length * _spec.Tables[_shape.Table].Width))]);
            var reply = replica.Pull(header, newest, [new SegmentSlice(0, values.Slices.Span[0].Values) { Keys = asked }]);
            Feed();
            return new(Answer(reply, values));
        }
    }

    public ValueTask<PullReply> PushPull(MessageHeader header, Certificate? newest, TensorPayload gradient, int[] segments)
    {
        using (gradient)
        lock (_turn)
        {
            if (Serving is not { } replica) return new(new PullReply(Blank(header), null));
            if (gradient is null) return new(new PullReply(Incomplete(replica), null));
            MessageRules.RequirePush(_spec, _shape, header, gradient.Slices.Span);
            MessageRules.RequirePull(_spec, _shape, header, segments);
            MessageRules.RequireCertificate(_spec, newest);
            gradient.Decode(_shape);
            var values = Room(segments);
            var reply = replica.PushPull(header, newest, gradient.Slices.Span, values.Slices.Span);
            var safe = WhenSafe(header, reply);
            return safe.IsCompletedSuccessfully ? new(Answer(safe.Result, values)) : AnswerWhenSafe(safe, values);
        }
    }

    public ValueTask<BlockReply> Certify(MessageHeader header, Certificate[] certificates)
    {
        lock (_turn)
        {
            if (Serving is not { } replica) return new(Blank(header));
            foreach (var certificate in certificates) MessageRules.RequireCertificate(_spec, certificate);
            return WhenSafe(header, replica.Certify(header, certificates));
        }
    }

    private TensorPayload Room(int[] segments)
    {
        var pieces = new PayloadPiece[segments.Length];
        for (var i = 0; i < pieces.Length; i++) pieces[i] = new(segments[i], _shape.Segments[segments[i]].Length);
        return TensorPayload.Rent(pieces);
    }

    private static async ValueTask<PullReply> AnswerWhenSafe(ValueTask<BlockReply> safe, TensorPayload values) =>
        Answer(await safe, values);

    private static PullReply Answer(in BlockReply reply, TensorPayload values)
    {
        if (reply.Status is BlockStatus.Ok or BlockStatus.Duplicate) return new(reply, values);
        values.Dispose();
        return new(reply, null);
    }

    /// <summary>A reply that rests on entries is given when the standby has them, or not at all.</summary>
    private ValueTask<BlockReply> WhenSafe(in MessageHeader header, in BlockReply reply)
    {
        lock (_turn)
        {
            var block = _block!;
            Feed();
            var entry = block.RestsOn(reply);
            return block.SafeEntry >= entry ? new(reply) : WaitAsync(_safe.WaitAsync(entry), header, reply);
        }
    }

    private static async ValueTask<BlockReply> WaitAsync(Task<bool> safe, MessageHeader header, BlockReply reply) =>
        await safe ? reply : Elsewhere(header);

    // The sender's generation, so that nobody takes a blank activation's word for a restore.
    private BlockReply Blank(in MessageHeader header)
    {
        if (!_isPrepared && _block is null) DeactivateOnIdle();
        return Elsewhere(header);
    }

    private static BlockReply Elsewhere(in MessageHeader header) => new(BlockStatus.OtherEpoch, 0, 0, header.Generation);

    private static BlockReply Incomplete(BlockReplica replica) =>
        new(BlockStatus.Incomplete, replica.Version, replica.Version, replica.Generation);

    private void Release()
    {
        lock (_turn)
        {
            _safe.Fail();
            _block?.Release();
            (_block, _image, _received, _isPrepared) = (null, null, null, false);
            _links.Clear();
            LookNowAndThen();
        }
    }
}
