using System.Diagnostics.CodeAnalysis;
using Orleans.Concurrency;
using Orleans.GrainDirectory;
using Orleans.Placement;
using OrleansPs.Core.Blocks;
using OrleansPs.Core.Compression;
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
            var request = new BlockRequest("", BlockRequestKind.Push, header, newest, gradient, null);
            return WhenSafe(header, Run(replica, request, RoomFor(request)));
        }
    }

    public ValueTask<PullReply> Pull(MessageHeader header, Certificate? newest, int[] segments) =>
        Answer(new("", BlockRequestKind.Pull, header, newest, null, segments));

    public ValueTask<PullReply> PullRows(MessageHeader header, Certificate? newest, TensorPayload keys) =>
        Answer(new("", BlockRequestKind.PullRows, header, newest, keys, null));

    public ValueTask<PullReply> PushPull(MessageHeader header, Certificate? newest, TensorPayload gradient, int[] segments) =>
        Answer(new("", BlockRequestKind.PushPull, header, newest, gradient, segments));

    public ValueTask<BlockReply> Certify(MessageHeader header, Certificate[] certificates)
    {
        lock (_turn)
        {
            if (Serving is not { } replica) return new(Blank(header));
            foreach (var certificate in certificates) MessageRules.RequireCertificate(_spec, certificate);
            return WhenSafe(header, replica.Certify(header, certificates));
        }
    }

    private ValueTask<PullReply> Answer(BlockRequest request)
    {
        using (request.Payload)
        lock (_turn)
        {
            if (!Serves(request, out var replica)) return new(new PullReply(Blank(request.Header), null));
            if (IsIncomplete(request)) return new(new PullReply(Incomplete(replica), null));
            var values = RoomFor(request)!;
            var reply = Run(replica, request, values);
            if (!request.Pushes)
            {
                Feed();
                return new(Answer(reply, values));
            }
            var safe = WhenSafe(request.Header, reply);
            return safe.IsCompletedSuccessfully ? new(Answer(safe.Result, values)) : AnswerWhenSafe(safe, values);
        }
    }

    // A silo that was away does not know whether another one has been made the primary meanwhile, and answers no pull.
    private bool Serves(in BlockRequest request, [NotNullWhen(true)] out BlockReplica? replica)
    {
        replica = Serving;
        return replica is not null && (request.Pushes || pulse.MayAnswer);
    }

    // What a payload was lost of on the way is asked for again.
    private static bool IsIncomplete(in BlockRequest request) => request.Payload is null && request.Kind != BlockRequestKind.Pull;

    // What the rules say of a request, and room for what it reads; null where it reads nothing.
    private TensorPayload? RoomFor(in BlockRequest request)
    {
        var segments = request.Segments ?? [];
        if (request.Pushes) MessageRules.RequirePush(_spec, _shape, request.Header, request.Pushed);
        if (ReadsRows(request)) MessageRules.RequirePull(_spec, _shape, request.Header, request.Read);
        else if (request.Kind != BlockRequestKind.Push) MessageRules.RequirePull(_spec, _shape, request.Header, segments);
        MessageRules.RequireCertificate(_spec, request.Newest);
        if (request.Kind == BlockRequestKind.Push) return null;
        return ReadsRows(request) ? TensorPayload.Rent([new(0, checked(request.Read[0].Keys.Length * _spec.Tables[_shape.Table].Width))]) : Room(segments, request.Header.Rank);
    }

    private bool ReadsRows(in BlockRequest request) =>
        request.Kind == BlockRequestKind.PullRows || (request.Kind == BlockRequestKind.PushPull && _shape.Table >= 0);

    private BlockReply Run(BlockReplica replica, in BlockRequest request, TensorPayload? values)
    {
        request.Payload?.Decode(_shape);
        var into = values is null ? default : values.Slices.Span;
        if (ReadsRows(request)) into = new SegmentSlice[] { into[0] with { Keys = request.Read[0].Keys } };
        return request.Kind switch
        {
            BlockRequestKind.Push => replica.Push(request.Header, request.Newest, request.Pushed),
            BlockRequestKind.PushPull => replica.PushPull(request.Header, request.Newest, request.Pushed, into),
            _ => replica.Pull(request.Header, request.Newest, into),
        };
    }

    // A worker's pull may be answered with codes; a reader's never is.
    private TensorPayload Room(int[] segments, int rank)
    {
        var modes = Serving!.PullModes;
        if (modes.Count > 0 && rank >= 0 && segments.Length > 0) return RoomForCodes(segments, modes);
        var pieces = new PayloadPiece[segments.Length];
        for (var i = 0; i < pieces.Length; i++) pieces[i] = new(segments[i], _shape.Segments[segments[i]].Length);
        return TensorPayload.Rent(pieces);
    }

    private TensorPayload RoomForCodes(int[] segments, IReadOnlyList<GradientCompressionMode> modes)
    {
        var codes = new CodeLength[segments.Length];
        for (var i = 0; i < codes.Length; i++)
        {
            var (mode, length) = (modes[segments[i]], _shape.Segments[segments[i]].Length);
            codes[i] = new(mode, length, PullCodec.BytesOf(mode, length));
        }
        return TensorPayload.RentCodes(segments, codes);
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
