using OrleansPs.Core.Optimizers;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Core.Blocks;

/// <summary>
/// Makes a cut of one spec out of a cut of another: parameters whose name and shape match are taken over, with their optimizer state where
/// the optimizer is of the same kind; others have their first values.
/// </summary>
/// <remarks>A pure function of the old cut and the new spec. Thread safe.</remarks>
public sealed class CutAdapter
{
    private readonly SnapshotManifest _from;
    private readonly ModelSpec _to;
    private readonly BlockLayout _source;
    private readonly BlockLayout _target;
    private readonly Origin?[] _origins;

    /// <summary>Compares the specs.</summary>
    /// <param name="from">The old cut.</param>
    /// <param name="to">The new spec, valid, of the same model.</param>
    /// <exception cref="SnapshotCorruptException">The old cut has another number of blocks than its own spec.</exception>
    public CutAdapter(SnapshotManifest from, ModelSpec to)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(to);
        (_from, _to) = (from, to);
        (_source, _target) = (BlockLayout.Create(from.Spec), BlockLayout.Create(to));
        if (from.Chunks.Count != _source.Blocks.Count)
            throw new SnapshotCorruptException(
                $"of cut {from.Cut} of model '{from.Model}'", $"it has {from.Chunks.Count} blocks, and its layout has {_source.Blocks.Count}.");
        var report = ParameterMatch.Of(to, ParameterMatch.TensorsOf(from.Spec));
        var loaded = report.Loaded.ToHashSet(StringComparer.Ordinal);
        _origins = [.. to.Parameters.Select(p => loaded.Contains(p.Name) ? OriginOf(p) : null)];
        Report = report with
        {
            Source = from.ToInfo(),
            FreshState = [.. to.Parameters.Where((_, i) => _origins[i] is { LosesState: true }).Select(p => p.Name)],
        };
    }

    /// <summary>What is taken over, and what is not.</summary>
    public LoadReport Report { get; }

    /// <summary>The blocks of the new cut.</summary>
    public IReadOnlyList<BlockShape> Blocks => _target.Blocks;

    /// <summary>The blocks of the old cut that a block of the new one is made of, ascending; none if it has first values alone.</summary>
    /// <param name="block">The new block.</param>
    public IReadOnlyList<int> SourcesOf(int block) =>
        [.. _target.Blocks[block].Segments.SelectMany(Pieces).Select(p => p.Block).Distinct().Order()];

    /// <summary>Holds a block of the old cut against its own spec.</summary>
    /// <exception cref="SnapshotCorruptException">It is of another layout.</exception>
    public void Check(BlockImage source)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (source.Block >= _source.Blocks.Count || ImageFit.Misfit(_from.Spec, _source.Blocks[source.Block], source) is { } misfit)
            throw new SnapshotCorruptException(_from.Chunks[Math.Min(source.Block, _from.Chunks.Count - 1)].Name, "it is of another layout.");
    }

    /// <summary>Makes a block.</summary>
    /// <param name="block">The new block.</param>
    /// <param name="sources">Gives the old blocks that <see cref="SourcesOf"/> names, each checked.</param>
    /// <returns>An image whose arrays come from the shared pool.</returns>
    public BlockImage Adapt(int block, Func<int, BlockImage> sources)
    {
        ArgumentNullException.ThrowIfNull(sources);
        var shape = _target.Blocks[block];
        var image = FirstImage.Of(_to, shape, _to.Consistency.Mode == ConsistencyMode.BulkSynchronous ? _from.Round : 0);
        return new()
        {
            Block = block,
            Length = image.Length,
            Version = image.Version,
            EntryIndex = 0,
            Values = image.Values,
            Slot0 = image.Slot0,
            Slot1 = image.Slot1,
            Segments = [.. shape.Segments.Select(segment => Fill(image, segment, sources))],
            Dedupe = KeepsDedupe(block) ? sources(block).Dedupe : [],
        };
    }

    /// <summary>The manifest of the new cut.</summary>
    /// <param name="generation">Its generation.</param>
    /// <param name="cut">Its number.</param>
    /// <param name="takenAt">When it was made.</param>
    /// <param name="chunks">Its chunks, by block.</param>
    public SnapshotManifest ToManifest(long generation, long cut, DateTimeOffset takenAt, IReadOnlyList<ChunkRecord> chunks) => _from with
    {
        Cut = cut,
        Generation = generation,
        TakenAt = takenAt,
        Spec = _to,
        Chunks = chunks,
        // Under BSP everybody is in the open round; of a rank that was ahead of it the clock says nothing any more.
        Ranks = IsRounds(_to) && !IsRounds(_from.Spec) ? [.. _from.Ranks.Select(r => r with { Clock = _from.Round })] : _from.Ranks,
        Open = [.. _from.Open.Where(open => KeepsDedupe(open.Block))],
    };

    private static bool IsRounds(ModelSpec spec) => spec.Consistency.Mode == ConsistencyMode.BulkSynchronous;

    private SegmentImage Fill(BlockImage image, Segment segment, Func<int, BlockImage> sources)
    {
        var updates = 0L;
        foreach (var piece in Pieces(segment))
        {
            var source = sources(piece.Block);
            Copy(source.Values, image.Values);
            if (!_origins[segment.Parameter]!.KeepsState) continue;
            if (image.Slot0 is not null && source.Slot0 is not null) Copy(source.Slot0, image.Slot0);
            if (image.Slot1 is not null && source.Slot1 is not null) Copy(source.Slot1, image.Slot1);
            // They differ only where a half step reached one block and not the other.
            updates = Math.Max(updates, source.Segments[piece.Segment].Updates);

            void Copy(float[] from, float[] to) =>
                from.AsSpan(piece.From, piece.Length).CopyTo(to.AsSpan(segment.Offset + piece.Start, piece.Length));
        }
        return new(segment.Parameter, segment.Start, segment.Offset, segment.Length, updates);
    }

    /// <summary>Where the elements of a segment are in the old cut.</summary>
    private IEnumerable<Piece> Pieces(Segment segment)
    {
        if (_origins[segment.Parameter] is not { } origin) yield break;
        foreach (var address in _source.PlacementOf(origin.Parameter).Pieces)
        {
            var old = _source.Blocks[address.Block].Segments[address.Index];
            var (start, end) = (Math.Max(old.Start, segment.Start), Math.Min((long)old.Start + old.Length, (long)segment.Start + segment.Length));
            if (start < end)
                yield return new(address.Block, address.Index, old.Offset + (start - old.Start), start - segment.Start, (int)(end - start));
        }
    }

    /// <summary>Whether a push to the block is still known by its identity: both blocks hold the same, and count pushes in the same window.</summary>
    private bool KeepsDedupe(int block)
    {
        if (IsRounds(_to) || IsRounds(_from.Spec) || _to.PushesPerStep != _from.Spec.PushesPerStep) return false;
        if (block >= _target.Blocks.Count || block >= _source.Blocks.Count) return false;
        var (old, now) = (_source.Blocks[block].Segments, _target.Blocks[block].Segments);
        return old.Count == now.Count
            && now.Select((s, i) => _origins[s.Parameter] is { } origin && old[i] == s with { Parameter = origin.Parameter }).All(same => same);
    }

    private Origin OriginOf(DenseParameter parameter)
    {
        var index = _source.IndexOf(parameter.Name);
        var (was, now) = (_from.Spec.OptimizerOf(_from.Spec.Parameters[index]), _to.OptimizerOf(parameter));
        var slots = OptimizerKernel.For(was).StateSlots;
        var keeps = was.GetType() == now.GetType() && slots == OptimizerKernel.For(now).StateSlots;
        return new(index, keeps, !keeps && slots > 0);
    }

    private sealed record Origin(int Parameter, bool KeepsState, bool LosesState);

    private readonly record struct Piece(int Block, int Segment, int From, int Start, int Length);
}
