using OrleansPs.Core.Messages;

namespace OrleansPs.Core.Blocks;

/// <summary>The contributions to a block's open round under BSP, one a rank.</summary>
internal interface IStagedRound
{
    /// <summary>What to do with a push: take it, or answer why not.</summary>
    BlockStatus Check(int rank, long incarnation, int sequence, ReadOnlySpan<SegmentSlice> gradient);

    /// <summary>Adds a checked push to its rank's contribution. A newer incarnation starts afresh.</summary>
    void Add(int rank, long incarnation, ReadOnlySpan<SegmentSlice> gradient);

    /// <summary>Throws all contributions away.</summary>
    void Forget();

    /// <summary>The contributions as they are, by rank; their arrays stay this object's.</summary>
    IReadOnlyList<StagedImage> ToImages();

    /// <summary>Takes contributions over; the images stay the caller's.</summary>
    void Load(IEnumerable<StagedImage> images);
}

/// <summary>One rank's contribution: the sum of its pushes, in the order of their sequence.</summary>
internal abstract class Contribution
{
    public long Incarnation { get; private set; } = -1;

    public int NextSequence { get; set; }

    /// <summary>Starts afresh for an incarnation.</summary>
    public void Begin(long incarnation)
    {
        Incarnation = incarnation;
        NextSequence = 0;
        Clear();
    }

    public abstract void Add(ReadOnlySpan<SegmentSlice> gradient);

    public abstract void Release();

    protected abstract void Clear();
}

/// <summary>
/// Whose contributions are staged. A certificate says which of them count; the rest is thrown away.
/// </summary>
/// <remarks>
/// One round is enough: a worker enters round c with the certificate that closed c - 1 in hand, and its first message to a
/// block carries it.
/// </remarks>
internal abstract class StagedContributions<T>(int ranks, int window)
    where T : Contribution
{
    private readonly T?[] _contributions = new T?[ranks];
    private readonly Stack<T> _spare = new();
    private readonly List<T> _members = [];

    public BlockStatus Check(int rank, long incarnation, int sequence, ReadOnlySpan<SegmentSlice> gradient)
    {
        if (sequence < 0 || sequence >= window) return BlockStatus.WindowExceeded;
        var current = _contributions[rank] is { } c && c.Incarnation == incarnation ? c : null;
        var next = current?.NextSequence ?? 0;
        return sequence < next ? BlockStatus.Duplicate
            : sequence > next ? BlockStatus.OutOfOrder
            : HasRoom(current, gradient) ? BlockStatus.Ok
            : BlockStatus.WindowExceeded;
    }

    public void Add(int rank, long incarnation, ReadOnlySpan<SegmentSlice> gradient)
    {
        var contribution = Of(rank);
        if (contribution.Incarnation != incarnation) contribution.Begin(incarnation);
        contribution.NextSequence++;
        contribution.Add(gradient);
    }

    public void Forget() => Clear();

    /// <summary>Returns all memory.</summary>
    public void Release()
    {
        Clear();
        foreach (var contribution in _spare) contribution.Release();
        _spare.Clear();
    }

    /// <summary>The contributions by rank.</summary>
    protected ReadOnlySpan<T?> Contributions => _contributions;

    protected abstract T Create();

    /// <summary>Whether a contribution, or a new one, may grow by a push.</summary>
    protected abstract bool HasRoom(T? contribution, ReadOnlySpan<SegmentSlice> gradient);

    /// <summary>The contributions that a certificate names, in rank order; valid until the next call.</summary>
    protected List<T> MembersOf(Certificate certificate)
    {
        _members.Clear();
        foreach (var member in certificate.Members)
            if (_contributions[member.Rank] is { } c && c.Incarnation == member.Incarnation) _members.Add(c);
        return _members;
    }

    protected IEnumerable<(int Rank, T Contribution)> All() =>
        _contributions.Select((c, rank) => (rank, c)).Where(x => x.c is not null).Select(x => (x.rank, x.c!));

    protected T Of(int rank) => _contributions[rank] ??= _spare.TryPop(out var spare) ? spare : Create();

    protected void Clear()
    {
        _members.Clear();
        for (var rank = 0; rank < _contributions.Length; rank++)
        {
            if (_contributions[rank] is not { } c) continue;
            c.Begin(-1);
            _spare.Push(c);
            _contributions[rank] = null;
        }
    }
}
