using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Core.Blocks;

/// <summary>
/// The replicated part of a block: what its log of entries makes of it. The same entries make the same bits on every replica;
/// whether an entry may be added is decided elsewhere, by <see cref="BlockReplica"/>.
/// </summary>
internal sealed class BlockMachine
{
    private readonly ModelSpec _spec;
    private readonly BlockBody _body;
    private readonly DedupeTable _dedupe;
    private readonly PullMarks? _marks;
    private FrozenCut? _frozen;

    public BlockMachine(ModelSpec spec, BlockShape shape, BlockImage? image, long cut, int mostRows)
    {
        _spec = spec;
        _body = BlockBody.Create(spec, shape, image, mostRows);
        _dedupe = new(spec.RankLimit, spec.PushesPerStep);
        _marks = PullMarks.For(spec, shape);
        Fences = new(spec.RankLimit);
        Cut = cut;
        Policy = TrainingPolicy.Of(spec);
        if (image is null) return;
        Version = image.Version;
        Index = image.EntryIndex;
        _dedupe.Load(image.Dedupe);
    }

    /// <summary>Rounds applied (BSP).</summary>
    public long Version { get; private set; }

    /// <summary>The index of the last entry.</summary>
    public long Index { get; private set; }

    /// <summary>The newest cut the block has seen.</summary>
    public long Cut { get; private set; }

    /// <summary>The newest cut the block has written: pushes from before it are closed out.</summary>
    public long WrittenCut { get; private set; }

    /// <summary>The newest coordinator term whose command is in the log: a replica that takes over refuses what this one did.</summary>
    public long Term { get; private set; }

    /// <summary>The policy that the block works by.</summary>
    public TrainingPolicy Policy { get; private set; }

    public FenceTable Fences { get; }

    public Certificate? LastCertificate { get; private set; }

    public long StateBytes => _body.Bytes;

    public bool IsRounds => Policy.IsRounds;

    /// <summary>Whether a rank's pull is an entry: it is where staleness is compensated.</summary>
    public bool MarksPulls => _marks is not null && !IsRounds;

    public void Read(ReadOnlySpan<SegmentSlice> values) => _body.Read(values);

    /// <summary>See <see cref="BlockBody.Pull"/>.</summary>
    public void Pull(ReadOnlySpan<SegmentSlice> values) => _body.Pull(values);

    public string? MisfitOfPull(ReadOnlySpan<SegmentSlice> slices) => _body.MisfitOfPull(slices);

    public IReadOnlyList<GradientCompressionMode> PullModes => _body.PullModes;

    public string? Misfit(ReadOnlySpan<SegmentSlice> slices) => _body.Misfit(slices);

    /// <summary>How many rows there are, and how many there may be.</summary>
    public (long Rows, long Most) Room => _body.Room;

    /// <summary>Whether a push that was checked, and whose slices fit, leaves the block within what it may hold.</summary>
    public bool HasRoom(in MessageHeader header, ReadOnlySpan<SegmentSlice> gradient) =>
        _body.HasRoom(gradient, header.Clock, !IsRounds && header.Cut < Cut);

    public bool HasFrozen(long cut) => _frozen?.Cut == cut;

    /// <summary>Whether a push has been taken; under BSP also whether it comes in order.</summary>
    public BlockStatus CheckPush(in MessageHeader header, ReadOnlySpan<SegmentSlice> gradient)
    {
        if (IsRounds) return _body.Staged.Check(header.Rank, header.Incarnation, header.Sequence, gradient);
        if (header.Sequence < 0 || header.Sequence >= _spec.PushesPerStep) return BlockStatus.WindowExceeded;
        var taken = _dedupe.Contains(header.Rank, header.Step, header.Sequence);
        if (header.Cut >= Cut) return taken ? BlockStatus.Duplicate : BlockStatus.Ok;
        var frozenLacks = _frozen is not null && !_frozen.Dedupe.Contains(header.Rank, header.Step, header.Sequence);
        if (taken) return frozenLacks ? BlockStatus.Ok : BlockStatus.Duplicate;
        return header.Cut < WrittenCut ? BlockStatus.CutClosed : BlockStatus.Ok;
    }

    /// <summary>All that this machine knows; the arrays stay its own.</summary>
    public ReplicaState ToState() => new(
        _body.ToImage(new(Version, Index, _dedupe.ToImages(Fences))), Cut, WrittenCut, Term, Fences.ToArray(), LastCertificate,
        _body.Staged.ToImages(), _marks?.ToImage() ?? PullMarksImage.None, Policy);

    /// <summary>Goes on where another machine stood, whose image this one was made of.</summary>
    public void Load(ReplicaState state)
    {
        (WrittenCut, Term, LastCertificate, Policy) = (state.WrittenCut, state.Term, state.LastCertificate, state.Policy);
        for (var rank = 0; rank < state.Fences.Count; rank++) Fences.Raise(rank, state.Fences[rank]);
        _body.Staged.Load(state.Staged);
        _marks?.Load(state.Marks);
    }

    public void Apply(in BlockEntry entry, ReadOnlySpan<SegmentSlice> gradient)
    {
        Index = entry.Index;
        if (entry.Kind != BlockEntryKind.Push) Term = Math.Max(Term, entry.Header.Term);
        switch (entry.Kind)
        {
            case BlockEntryKind.Push: ApplyPush(entry.Header, gradient); break;
            case BlockEntryKind.Round: ApplyRound(entry.Certificate!); break;
            case BlockEntryKind.Freeze: Freeze(entry.Cut); break;
            case BlockEntryKind.Thaw: Thaw(entry.Cut, entry.CutWritten); break;
            case BlockEntryKind.Policy: ChangePolicy(entry.Policy!, entry.Header.Clock); break;
            case BlockEntryKind.Fence: Fences.Raise(entry.Header.Rank, entry.Header.Incarnation); break;
            case BlockEntryKind.Mark: _marks?.Set(entry.Header.Rank, _body); break;
        }
    }

    /// <summary>The frozen copy of a cut, to be written. The image's arrays belong to the caller.</summary>
    public BlockImage TakeFrozen()
    {
        var image = _body.TakeFrozen(new(_frozen!.Version, _frozen.EntryIndex, _frozen.Dedupe.ToImages(Fences)));
        _frozen = null;
        return image;
    }

    public void Release()
    {
        _marks?.Release();
        _body.Release();
    }

    private void ApplyPush(in MessageHeader header, ReadOnlySpan<SegmentSlice> gradient)
    {
        Fences.Raise(header.Rank, header.Incarnation);
        if (IsRounds) Stage(header, gradient);
        else if (header.Cut < Cut) PushBeforeCut(header, gradient);
        else PushLive(header, gradient);
    }

    // A push that was applied before there were rounds, of a step that nobody ended then, is not applied once more.
    private void Stage(in MessageHeader header, ReadOnlySpan<SegmentSlice> gradient) => _body.Staged.Add(
        header.Rank, header.Incarnation, _dedupe.Contains(header.Rank, header.Step, header.Sequence) ? [] : gradient);

    private void ChangePolicy(TrainingPolicy policy, long version)
    {
        Policy = policy;
        Version = version;
        LastCertificate = null;
        _body.Staged.Forget();
    }

    private void PushLive(in MessageHeader header, ReadOnlySpan<SegmentSlice> gradient)
    {
        _dedupe.Add(header.Rank, header.Step, header.Sequence);
        _body.Update(Compensated(header.Rank, gradient), MomentOf(header));
        _marks?.CountPush();
    }

    /// <summary>
    /// A push from before the cut goes to the frozen copy, which lacks it, for what the copy has the live state has too; and to
    /// the live state unless it has it. A standby that came after the cut began has no frozen copy, and the same live state.
    /// </summary>
    private void PushBeforeCut(in MessageHeader header, ReadOnlySpan<SegmentSlice> gradient)
    {
        var live = !_dedupe.Contains(header.Rank, header.Step, header.Sequence);
        if (live) _dedupe.Add(header.Rank, header.Step, header.Sequence);
        _frozen?.Dedupe.Add(header.Rank, header.Step, header.Sequence);
        _body.UpdateBeforeCut(Compensated(header.Rank, gradient), MomentOf(header), live);
        if (live) _marks?.CountPush();
    }

    // The frozen numbers take what the live ones take: which pushes they contain is exact, how stale one was is the live state's to say.
    private ReadOnlySpan<SegmentSlice> Compensated(int rank, ReadOnlySpan<SegmentSlice> gradient) =>
        _marks is null ? gradient : _marks.Compensate(rank, gradient, _body);

    private void ApplyRound(Certificate certificate)
    {
        foreach (var member in certificate.Members) Fences.Raise(member.Rank, member.Incarnation);
        _body.Close(certificate, MomentAt(certificate.Round));
        _marks?.Clear();
        Version = certificate.Round + 1;
        LastCertificate = certificate;
    }

    private void Freeze(long cut)
    {
        _body.Freeze();
        _frozen = new(cut, _dedupe.Clone(), Version, Index);
        Cut = cut;
    }

    private void Thaw(long cut, bool written)
    {
        Cut = Math.Max(Cut, cut);
        if (written) WrittenCut = Math.Max(WrittenCut, cut);
        if (_frozen is null || _frozen.Cut > cut) return;
        _body.Thaw();
        _frozen = null;
    }

    private PushMoment MomentOf(in MessageHeader header)
    {
        var moment = MomentAt(header.Clock);
        return _marks is null ? moment : moment with { LrFactor = moment.LrFactor / _marks.DivisorOf(header.Rank) };
    }

    private PushMoment MomentAt(long clock) => new(clock, _spec.Schedule.FactorAt(clock) * Policy.LrScale, Cut);
}
