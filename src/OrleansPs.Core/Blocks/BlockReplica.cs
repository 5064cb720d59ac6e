using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Core.Blocks;

/// <summary>
/// One replica of one block: checks each message against generation, epoch, fences, rounds, cuts and dedupe, and turns what
/// holds into entries of the block's log.
/// </summary>
/// <remarks>
/// Not thread safe: its host calls it for one message at a time. A call runs to its end without waiting; refusals change nothing.
/// Slices must fit their segments, which the session has checked; slices that do not are a bug and throw.
/// </remarks>
public sealed class BlockReplica
{
    private readonly BlockShape _shape;
    private readonly BlockMachine _machine;
    private readonly IBlockEntrySink? _sink;

    /// <summary>Makes a replica with the model's first values, or with those of an image.</summary>
    /// <param name="spec">The model's spec, valid.</param>
    /// <param name="shape">The block's shape in the spec's layout.</param>
    /// <param name="generation">The model's generation.</param>
    /// <param name="epoch">The block's epoch in the block map.</param>
    /// <param name="image">What it holds; null for first values. The image stays the caller's.</param>
    /// <param name="sink">Is given every entry; may be null.</param>
    /// <param name="cut">The newest cut number given out before: pushes that carry it begin no cut.</param>
    public BlockReplica(
        ModelSpec spec, BlockShape shape, long generation, long epoch = 0, BlockImage? image = null,
        IBlockEntrySink? sink = null, long cut = 0)
        : this(spec, shape, generation, epoch, image, sink, cut, 0)
    {
    }

    /// <summary>The same, with a limit to a shard's rows that a test can come to; 0 for the true one.</summary>
    internal BlockReplica(
        ModelSpec spec, BlockShape shape, long generation, long epoch, BlockImage? image, IBlockEntrySink? sink, long cut, int mostRows)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(shape);
        _shape = shape;
        _machine = new(spec, shape, image, cut, mostRows);
        _sink = sink;
        Generation = generation;
        Epoch = epoch;
    }

    private BlockReplica(ModelSpec spec, BlockShape shape, long generation, long epoch, ReplicaState state, IBlockEntrySink? sink)
        : this(spec, shape, generation, epoch, state.Image, sink, state.Cut) => _machine.Load(state);

    /// <summary>Makes a replica that goes on where another one stood.</summary>
    /// <param name="spec">The model's spec, valid.</param>
    /// <param name="shape">The block's shape in the spec's layout.</param>
    /// <param name="generation">The model's generation.</param>
    /// <param name="epoch">The other's epoch, which is this one's too.</param>
    /// <param name="state">What <see cref="ToState"/> of the other one gave.</param>
    /// <param name="sink">Is given every entry; may be null.</param>
    /// <exception cref="SnapshotCorruptException">The bytes are not whole, or of another block, generation or epoch.</exception>
    public static BlockReplica FromState(
        ModelSpec spec, BlockShape shape, long generation, long epoch, ReadOnlySpan<byte> state, IBlockEntrySink? sink = null)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(shape);
        return new(spec, shape, generation, epoch, ReplicaStateCodec.Decode(state, spec, shape, generation, epoch), sink);
    }

    /// <summary>
    /// All that this replica knows, for the one that goes on in its place: acknowledged pushes, those of the open round among
    /// them, dedupe state, fences. A frozen copy does not go along.
    /// </summary>
    /// <param name="model">The model's name.</param>
    public byte[] ToState(string model) => ReplicaStateCodec.Encode(_machine.ToState(), model, Generation, Epoch);

    /// <summary>The block's index in the model.</summary>
    public int Block => _shape.Index;

    /// <summary>The model's generation.</summary>
    public long Generation { get; }

    /// <summary>The block's epoch in the block map.</summary>
    public long Epoch { get; private set; }

    /// <summary>The newest coordinator term whose command is in the log.</summary>
    public long Term => _machine.Term;

    /// <summary>Rounds applied (BSP).</summary>
    public long Version => _machine.Version;

    /// <summary>The index of the last entry.</summary>
    public long LastEntry => _machine.Index;

    /// <summary>The policy that the block works by.</summary>
    public TrainingPolicy Policy => _machine.Policy;

    /// <summary>The bytes of its parameters and optimizer state.</summary>
    public long StateBytes => _machine.StateBytes;

    /// <summary>
    /// How workers' pulls of each segment are answered; empty if all are as they are. A slice of a pull may have room for such a code, <see cref="SegmentSlice.Code"/>,
    /// in place of memory for the values.
    /// </summary>
    public IReadOnlyList<GradientCompressionMode> PullModes => _machine.PullModes;

    /// <summary>Takes a gradient: applies it, or stages it for the open round under BSP.</summary>
    /// <param name="header">Who pushes what.</param>
    /// <param name="newest">The newest certificate the sender knows, or null.</param>
    /// <param name="gradient">Its pieces; theirs again when this returns.</param>
    public BlockReply Push(in MessageHeader header, Certificate? newest, ReadOnlySpan<SegmentSlice> gradient)
    {
        var status = Admit(header, newest);
        if (status == BlockStatus.Ok && _machine.IsRounds) status = CheckRound(header.Clock);
        if (status == BlockStatus.Ok) status = _machine.CheckPush(header, gradient);
        if (status != BlockStatus.Ok) return Reply(status);
        CheckSlices(gradient);
        if (!_machine.HasRoom(header, gradient)) return new(BlockStatus.TableFull, _machine.Room.Rows, _machine.Room.Most, Generation);
        if (header.Cut > _machine.Cut && !_machine.IsRounds) Commit(new() { Kind = BlockEntryKind.Freeze, Cut = header.Cut });
        Commit(new() { Kind = BlockEntryKind.Push, Header = header }, gradient);
        return Reply(BlockStatus.Ok);
    }

    /// <summary>Copies values into the slices; for a worker as its pulls are answered, for a reader as they are.</summary>
    /// <param name="header">Who pulls; under BSP its clock names the version, -1 any.</param>
    /// <param name="newest">The newest certificate the sender knows, or null.</param>
    /// <param name="values">Where to.</param>
    public BlockReply Pull(in MessageHeader header, Certificate? newest, ReadOnlySpan<SegmentSlice> values)
    {
        var status = Admit(header, newest);
        if (status == BlockStatus.Ok && _machine.IsRounds && header.Clock >= 0) status = CheckRound(header.Clock);
        if (status != BlockStatus.Ok) return Reply(status);
        CheckRoom(values);
        Read(header, values);
        return Reply(BlockStatus.Ok);
    }

    /// <summary>A push, and if it counts (now or before), a pull.</summary>
    /// <param name="header">Who pushes what.</param>
    /// <param name="newest">The newest certificate the sender knows, or null.</param>
    /// <param name="gradient">The push's pieces.</param>
    /// <param name="values">Where the values go; under BSP those of the open round.</param>
    public BlockReply PushPull(
        in MessageHeader header, Certificate? newest, ReadOnlySpan<SegmentSlice> gradient, ReadOnlySpan<SegmentSlice> values)
    {
        CheckRoom(values);
        var reply = Push(header, newest, gradient);
        if (reply.Status is BlockStatus.Ok or BlockStatus.Duplicate) Read(header, values);
        return reply;
    }

    /// <summary>Applies certificates that the block lacks; those it has are checked and passed over.</summary>
    /// <param name="header">Of a worker, or of the coordinator with rank -1.</param>
    /// <param name="certificates">Ascending by round.</param>
    public BlockReply Certify(in MessageHeader header, IReadOnlyList<Certificate> certificates)
    {
        ArgumentNullException.ThrowIfNull(certificates);
        if (Foreign(header) is { } status) return Reply(status);
        if (header.Policy != Policy.Number) return Reply(BlockStatus.OtherPolicy);
        return Reply(FollowAll(certificates));
    }

    /// <summary>Works by a policy from here on. What is staged for a round that nobody closed is thrown away.</summary>
    /// <param name="header">
    /// Of the coordinator; its term must not be older than the newest one heard of. Its certificate says how many rounds the block must have applied
    /// before, -1 for any number, and its clock how many count as applied from now on.
    /// </param>
    /// <param name="policy">The policy; one that the block has, or had, changes nothing.</param>
    /// <param name="certificates">The certificates that the block may lack, ascending by round.</param>
    public BlockReply ChangePolicy(in MessageHeader header, TrainingPolicy policy, IReadOnlyList<Certificate> certificates)
    {
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(certificates);
        if (Foreign(header) is { } foreign) return Reply(foreign);
        if (header.Term < Term) return Reply(BlockStatus.Fenced);
        if (policy.Number <= Policy.Number) return Reply(policy.Number == Policy.Number ? BlockStatus.Ok : BlockStatus.OtherPolicy);
        var status = _machine.IsRounds && header.Certificate >= 0 ? FollowAll(certificates) : BlockStatus.Ok;
        if (status == BlockStatus.Ok && _machine.IsRounds && header.Certificate >= 0) status = CheckRound(header.Certificate);
        if (status != BlockStatus.Ok) return Reply(status);
        Commit(new() { Kind = BlockEntryKind.Policy, Header = header, Policy = policy });
        return Reply(BlockStatus.Ok);
    }

    /// <summary>Keeps a frozen copy from here on. Under BSP the coordinator closes no round until every block has done this.</summary>
    /// <param name="header">
    /// Of the coordinator; its term must not be older than the newest one heard of. Its certificate says at which version the
    /// block must be: a late command of a deposed coordinator freezes nothing else.
    /// </param>
    /// <param name="cut">The cut.</param>
    /// <param name="certificates">Under BSP the certificates up to the last closed round.</param>
    public BlockReply Freeze(in MessageHeader header, long cut, IReadOnlyList<Certificate> certificates)
    {
        if (header.Term < Term) return Reply(BlockStatus.Fenced);
        var reply = Certify(header, certificates);
        if (reply.Status != BlockStatus.Ok) return reply;
        if (_machine.IsRounds && CheckRound(header.Certificate) is var status and not BlockStatus.Ok) return Reply(status);
        if (cut > _machine.Cut) Commit(new() { Kind = BlockEntryKind.Freeze, Header = header, Cut = cut });
        return Reply(_machine.HasFrozen(cut) ? BlockStatus.Ok : BlockStatus.CutClosed);
    }

    /// <summary>Hands out the block as it is at a cut, to be written. From then on pushes from before the cut are refused.</summary>
    /// <param name="header">Of the coordinator; its term must not be older than the newest one heard of.</param>
    /// <param name="cut">The cut. Under SSP and ASP this command may be the first the block hears of it.</param>
    /// <returns>The image, whose arrays are the caller's; null if the cut is over here.</returns>
    public (BlockReply Reply, BlockImage? Image) TakeCut(in MessageHeader header, long cut)
    {
        if (Foreign(header) is { } status) return (Reply(status), null);
        if (header.Term < Term) return (Reply(BlockStatus.Fenced), null);
        if (cut > _machine.Cut && !_machine.IsRounds) Commit(new() { Kind = BlockEntryKind.Freeze, Header = header, Cut = cut });
        if (!_machine.HasFrozen(cut)) return (Reply(BlockStatus.CutClosed), null);
        var image = _machine.TakeFrozen();
        Commit(new() { Kind = BlockEntryKind.Thaw, Header = header, Cut = cut, CutWritten = true });
        return (Reply(BlockStatus.Ok), image);
    }

    /// <summary>Gives up a cut: the frozen copy goes.</summary>
    /// <param name="header">Of the coordinator; its term must not be older than the newest one heard of.</param>
    /// <param name="cut">The cut.</param>
    public BlockReply DropCut(in MessageHeader header, long cut)
    {
        if (Foreign(header) is { } status) return Reply(status);
        if (header.Term < Term) return Reply(BlockStatus.Fenced);
        Commit(new() { Kind = BlockEntryKind.Thaw, Header = header, Cut = cut });
        return Reply(BlockStatus.Ok);
    }

    /// <summary>Refuses older incarnations of a rank from now on.</summary>
    /// <param name="header">Of the coordinator.</param>
    /// <param name="rank">The rank.</param>
    /// <param name="incarnation">The oldest incarnation that is still let in.</param>
    public BlockReply Fence(in MessageHeader header, int rank, long incarnation)
    {
        if (Foreign(header) is { } status) return Reply(status);
        Commit(new() { Kind = BlockEntryKind.Fence, Header = header with { Rank = rank, Incarnation = incarnation } });
        return Reply(BlockStatus.Ok);
    }

    /// <summary>As a standby: applies an entry of the primary.</summary>
    /// <returns>False if the entry is of another epoch or leaves a gap; nothing has changed then.</returns>
    public bool Accept(in BlockEntry entry, ReadOnlySpan<SegmentSlice> gradient)
    {
        if (entry.Epoch != Epoch || entry.Index != _machine.Index + 1) return false;
        Apply(entry, gradient);
        return true;
    }

    /// <summary>Another replica became the primary, or this one did; an epoch never falls.</summary>
    internal void RaiseEpoch(long epoch) => Epoch = Math.Max(Epoch, epoch);

    /// <summary>Returns all pooled memory; the replica must not be used afterwards.</summary>
    public void Release() => _machine.Release();

    private BlockStatus? Foreign(in MessageHeader header) =>
        header.Generation != Generation ? BlockStatus.OtherGeneration
        : header.Epoch != Epoch ? BlockStatus.OtherEpoch
        : null;

    /// <summary>What every push and pull passes: it is of this generation and epoch, not fenced, and brings no unknown round.</summary>
    private BlockStatus Admit(in MessageHeader header, Certificate? newest)
    {
        if (Foreign(header) is { } status) return status;
        if (header.Policy != Policy.Number) return BlockStatus.OtherPolicy;
        if (header.Rank >= 0 && _machine.Fences.Refuses(header.Rank, header.Incarnation)) return BlockStatus.Fenced;
        if (!_machine.IsRounds) return BlockStatus.Ok;
        if (newest is not null) status = Follow(newest);
        else status = BlockStatus.Ok;
        return status == BlockStatus.Ok && header.Certificate > Version ? BlockStatus.NeedCertificates : status;
    }

    private BlockStatus FollowAll(IReadOnlyList<Certificate> certificates)
    {
        var status = BlockStatus.Ok;
        for (var i = 0; status == BlockStatus.Ok && _machine.IsRounds && i < certificates.Count; i++) status = Follow(certificates[i]);
        return status;
    }

    /// <summary>Applies a certificate if it is the next one.</summary>
    private BlockStatus Follow(Certificate certificate)
    {
        if (certificate.Round > Version) return BlockStatus.NeedCertificates;
        if (certificate.Round == Version) Commit(new() { Kind = BlockEntryKind.Round, Certificate = certificate });
        else if (certificate.Round == Version - 1 && _machine.LastCertificate is { } last && !last.Equals(certificate))
            return BlockStatus.Conflict;
        return BlockStatus.Ok;
    }

    private BlockStatus CheckRound(long round) =>
        round < Version ? BlockStatus.StepClosed
        : round > Version ? BlockStatus.NeedCertificates
        : BlockStatus.Ok;

    private void Read(in MessageHeader header, ReadOnlySpan<SegmentSlice> values)
    {
        if (header.Rank < 0) _machine.Read(values);
        else _machine.Pull(values);
        if (header.Rank >= 0 && _machine.MarksPulls) Commit(new() { Kind = BlockEntryKind.Mark, Header = new() { Rank = header.Rank } });
    }

    private void CheckSlices(ReadOnlySpan<SegmentSlice> slices)
    {
        if (_machine.Misfit(slices) is { } misfit) throw new ArgumentException(misfit);
    }

    private void CheckRoom(ReadOnlySpan<SegmentSlice> values)
    {
        if (_machine.MisfitOfPull(values) is { } misfit) throw new ArgumentException(misfit);
    }

    private void Commit(BlockEntry entry, ReadOnlySpan<SegmentSlice> gradient = default) =>
        Apply(entry with { Epoch = Epoch, Index = _machine.Index + 1 }, gradient);

    private void Apply(in BlockEntry entry, ReadOnlySpan<SegmentSlice> gradient)
    {
        _machine.Apply(entry, gradient);
        _sink?.OnEntry(entry, gradient);
    }

    private BlockReply Reply(BlockStatus status) => status == BlockStatus.OtherPolicy
        ? new(status, _machine.IsRounds ? Version : -1, Policy.Number, Generation)
        : new(status, Version, Version, Generation);
}
