using OrleansPs.Core.Snapshots;

namespace OrleansPs.Core.Blocks;

/// <summary>
/// Which pushes a block has taken (SSP, ASP): for each rank its newest step and one bit a push of that step. An older step is
/// a duplicate, since a rank goes on only when every push of its step is acknowledged. Memory: ranks x window bits.
/// </summary>
internal sealed class DedupeTable(int ranks, int window)
{
    private readonly Entry?[] _entries = new Entry?[ranks];

    /// <summary>Whether a push has been taken.</summary>
    public bool Contains(int rank, long step, int sequence) =>
        _entries[rank] is { } e && (step < e.Step || (step == e.Step && e[sequence]));

    /// <summary>Takes a push that is not contained.</summary>
    public void Add(int rank, long step, int sequence)
    {
        var e = _entries[rank] ??= new((window + 63) / 64);
        if (step > e.Step) e.Begin(step);
        e.Set(sequence);
    }

    public DedupeTable Clone()
    {
        var clone = new DedupeTable(_entries.Length, window);
        for (var i = 0; i < _entries.Length; i++) clone._entries[i] = _entries[i]?.Clone();
        return clone;
    }

    public IReadOnlyList<DedupeImage> ToImages(FenceTable fences) =>
        [.. _entries.Select((e, rank) => (e, rank)).Where(x => x.e is not null)
            .Select(x => new DedupeImage(x.rank, fences[x.rank], x.e!.Step, [.. x.e.Bits]))];

    public void Load(IEnumerable<DedupeImage> images)
    {
        foreach (var image in images.Where(i => i.Rank < _entries.Length))
            _entries[image.Rank] = new(image.Step, [.. image.Bits]);
    }

    private sealed class Entry(long step, ulong[] bits)
    {
        public Entry(int words) : this(-1, new ulong[words]) { }

        public long Step { get; private set; } = step;

        public ulong[] Bits { get; } = bits;

        public bool this[int sequence] => (Bits[sequence / 64] >> (sequence % 64) & 1) != 0;

        public void Set(int sequence) => Bits[sequence / 64] |= 1UL << (sequence % 64);

        public void Begin(long step)
        {
            Step = step;
            Array.Clear(Bits);
        }

        public Entry Clone() => new(Step, [.. Bits]);
    }
}

/// <summary>The newest incarnation of each rank that a block has heard of; older ones are refused.</summary>
internal sealed class FenceTable(int ranks)
{
    private readonly long[] _incarnations = new long[ranks];

    public long this[int rank] => _incarnations[rank];

    public IReadOnlyList<long> ToArray() => [.. _incarnations];

    public bool Refuses(int rank, long incarnation) => incarnation < _incarnations[rank];

    public void Raise(int rank, long incarnation) =>
        _incarnations[rank] = Math.Max(_incarnations[rank], incarnation);
}
