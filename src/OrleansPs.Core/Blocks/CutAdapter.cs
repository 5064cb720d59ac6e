using OrleansPs.Core.Optimizers;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;
using OrleansPs.Core.Tables;

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
    private readonly TableAdapter?[] _tables;

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
        var report = ParameterMatch.OfSpecs(from.Spec, to);
        var loaded = report.Loaded.ToHashSet(StringComparer.Ordinal);
        _origins = [.. to.Parameters.Select(p => loaded.Contains(p.Name) ? OriginOf(p) : null)];
        _tables = [.. to.Tables.Select((t, i) => loaded.Contains(t.Name) ? new TableAdapter(from.Spec, _source.TableIndexOf(t.Name), to, i) : null)];
        Report = report with
        {
            Source = from.ToInfo(),
            FreshState =
            [
                .. to.Parameters.Where((_, i) => _origins[i] is { LosesState: true }).Select(p => p.Name),
                .. to.Tables.Where((_, i) => _tables[i] is { LosesState: true }).Select(t => t.Name),
            ],
        };
    }

    /// <summary>What is taken over, and what is not.</summary>
    public LoadReport Report { get; }

    /// <summary>The blocks of the new cut.</summary>
    public IReadOnlyList<BlockShape> Blocks => _target.Blocks;

    /// <summary>The blocks of the old cut that a block of the new one is made of, ascending; none if it has first values alone.</summary>
    /// <param name="block">The new block.</param>
    public IReadOnlyList<int> SourcesOf(int block)
    {
        var shape = _target.Blocks[block];
        return shape.Table < 0 ? [.. shape.Segments.SelectMany(Pieces).Select(p => p.Block).Distinct().Order()]
            : _tables[shape.Table] is { } table ? [.. table.ShardsOf(shape.Shard).Select(s => _source.FirstShardOf(table.Source) + s)]
            : [];
    }

    /// <summary>Holds a block of the old cut against its own spec.</summary>
    /// <exception cref="SnapshotCorruptException">It is of another layout.</exception>
    public void Check(BlockImage source)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (source.Block >= _source.Blocks.Count || ImageFit.Misfit(_from.Spec, _source.Blocks[source.Block], source) is not null)
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
        if (shape.Table >= 0 && _tables[shape.Table] is { } table) return Adapt(shape, table, sources);
        var image = FirstImage.Of(_to, shape, VersionOfBlocks);
        if (shape.Table >= 0) return image;
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
            Dedupe = SameAs(block) is { } same ? sources(same).Dedupe : [],
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
        Open = [.. _target.Blocks.SelectMany(b => SameAs(b.Index) is { } old ? _from.Open.Where(o => o.Block == old).Select(o => o with { Block = b.Index }) : [])],
    };

    private long VersionOfBlocks => IsRounds(_to) ? _from.Round : 0;

    private static bool IsRounds(ModelSpec spec) => spec.Consistency.Mode == ConsistencyMode.BulkSynchronous;

    private BlockImage Adapt(BlockShape shape, TableAdapter table, Func<int, BlockImage> sources) => new()
    {
        Block = shape.Index,
        Length = 0,
        Version = VersionOfBlocks,
        EntryIndex = 0,
        Values = [],
        Segments = [],
        Rows = table.Adapt(shape, [.. SourcesOf(shape.Index).Select(block => sources(block).Rows!)]),
        Dedupe = SameAs(shape.Index) is { } same ? sources(same).Dedupe : [],
    };

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

    /// <summary>
    /// The old block in which a push to a new one is still known by its identity, for both hold the same and count pushes in the same
    /// window; null if there is none.
    /// </summary>
    private int? SameAs(int block)
    {
        if (IsRounds(_to) || IsRounds(_from.Spec) || _to.PushesPerStep != _from.Spec.PushesPerStep) return null;
        var shape = _target.Blocks[block];
        if (shape.Table >= 0)
            return _tables[shape.Table] is { HasSameShards: true } table ? _source.FirstShardOf(table.Source) + shape.Shard : null;
        if (block >= _source.Blocks.Count) return null;
        var (old, now) = (_source.Blocks[block].Segments, shape.Segments);
        var isSame = old.Count == now.Count
            && now.Select((s, i) => _origins[s.Parameter] is { } origin && old[i] == s with { Parameter = origin.Parameter }).All(same => same);
        return isSame ? block : null;
    }

    private Origin OriginOf(DenseParameter parameter)
    {
        var index = _source.IndexOf(parameter.Name);
        var (was, now) = (_from.Spec.OptimizerOf(_from.Spec.Parameters[index]), _to.OptimizerOf(parameter));
        var keeps = OptimizerState.IsSameKind(was, now);
        return new(index, keeps, !keeps && OptimizerState.Exists(was));
    }

    private sealed record Origin(int Parameter, bool KeepsState, bool LosesState);

    private readonly record struct Piece(int Block, int Segment, int From, int Start, int Length);
}
