using System.Buffers;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Optimizers;
using OrleansPs.Core.Partitioning;

namespace OrleansPs.Client;

/// <summary>
/// The rows of one table in one call: each key once, ascending, shard after shard, in memory of its own. So what is sent depends on
/// the keys and their gradients alone, and the caller's order and repetitions stay here.
/// </summary>
/// <remarks>
/// First all keys are given, then they are arranged, then rows are given or taken batch after batch in the same order. Used again and again by one call at
/// a time. Not thread safe.
/// </remarks>
internal sealed class TableCall
{
    private readonly EmbeddingTable _table;
    private readonly BlockTransfer[] _pushes;
    private readonly BlockTransfer[] _pulls;
    private readonly BlockTransfer[] _pushPulls;
    private readonly int[] _shardEnds;
    private long[] _given = [];
    private int[] _places = [];
    private int[] _slots = [];
    private short[] _shards = [];
    private long[] _keys = [];
    private float[] _rows = [];
    private int _givenCount;
    private int _next;

    public TableCall(EmbeddingTable table, int index, int firstShard)
    {
        (_table, Index) = (table, index);
        _shardEnds = new int[table.Shards];
        var blocks = Enumerable.Range(firstShard, table.Shards);
        _pushes = [.. blocks.Select(block => new BlockTransfer(block, new SegmentSlice[1], []))];
        _pulls = [.. blocks.Select(block => new BlockTransfer(block, [], new SegmentSlice[1]))];
        _pushPulls = [.. blocks.Select(block => new BlockTransfer(block, new SegmentSlice[1], new SegmentSlice[1]))];
    }

    public string Name => _table.Name;

    public int Index { get; }

    public int Limit => _table.MaxRowsPerStep;

    public int Width => _table.Width;

    /// <summary>How many keys there are, each once; of meaning when they are arranged.</summary>
    public int Count { get; private set; }

    /// <summary>The gradients, each key's added up.</summary>
    public Span<float> Sums => _rows.AsSpan(0, Count * Width);

    public void Clear() => (_givenCount, Count, _next) = (0, 0, 0);

    /// <summary>Takes keys.</summary>
    public void Add(ReadOnlySpan<long> keys)
    {
        Pooled.Grow(ref _given, _givenCount, _givenCount + keys.Length);
        keys.CopyTo(_given.AsSpan(_givenCount));
        _givenCount += keys.Length;
    }

    /// <summary>Gives each key its slot: by shard, in a shard ascending.</summary>
    /// <param name="limit">The most keys that there may be, each once.</param>
    /// <exception cref="TooManyRowsException">There are more.</exception>
    public void Arrange(int limit)
    {
        Pooled.Grow(ref _places, 0, _givenCount);
        Pooled.Grow(ref _slots, 0, _givenCount);
        Pooled.Grow(ref _shards, 0, _givenCount);
        Pooled.Grow(ref _keys, 0, _givenCount);
        var given = _given.AsSpan(0, _givenCount);
        var places = _places.AsSpan(0, _givenCount);
        for (var i = 0; i < places.Length; i++) places[i] = i;
        if (!KeySort.IsAscending(given)) KeySort.Sort(given, places);
        Count = CountShards(given);
        if (Count > limit) throw new TooManyRowsException(Name, Count, limit);
        Pooled.Grow(ref _rows, 0, checked(Count * Width));
        Distribute(given, places);
    }

    /// <summary>Takes the keys of another call of this table, given and arranged, in its order.</summary>
    /// <inheritdoc cref="Arrange"/>
    public void ArrangeLike(TableCall other, int limit)
    {
        if (other.Count > limit) throw new TooManyRowsException(Name, other.Count, limit);
        (_givenCount, Count) = (other._givenCount, other.Count);
        Pooled.Grow(ref _slots, 0, _givenCount);
        Pooled.Grow(ref _keys, 0, Count);
        Pooled.Grow(ref _rows, 0, checked(Count * Width));
        other._slots.AsSpan(0, _givenCount).CopyTo(_slots);
        other._keys.AsSpan(0, Count).CopyTo(_keys);
        other._shardEnds.CopyTo(_shardEnds, 0);
    }

    /// <summary>Takes the next batch's gradients. Those of a key are added up in the order in which they come.</summary>
    public void AddRows(ReadOnlySpan<float> gradients)
    {
        var width = Width;
        var rows = _rows.AsSpan();
        var slots = _slots.AsSpan(_next, gradients.Length / width);
        for (var i = 0; i < slots.Length; i++)
        {
            var slot = slots[i];
            var row = gradients.Slice(i * width, width);
            if (slot >= 0) row.CopyTo(rows.Slice(slot * width, width));
            else GradientMath.Add(rows.Slice(~slot * width, width), row);
        }
        _next += slots.Length;
    }

    /// <summary>Copies what was pulled to where the next batch wants it.</summary>
    public void CopyRows(Span<float> destination)
    {
        var width = Width;
        var rows = _rows.AsSpan();
        var slots = _slots.AsSpan(_next, destination.Length / width);
        for (var i = 0; i < slots.Length; i++)
            rows.Slice((slots[i] >= 0 ? slots[i] : ~slots[i]) * width, width).CopyTo(destination.Slice(i * width, width));
        _next += slots.Length;
    }

    /// <summary>Adds what is exchanged with each shard of a table: rows pushed by one call, and rows pulled by another; either may be null.</summary>
    public static void AddTransfers(List<BlockTransfer> transfers, TableCall? push, TableCall? pull)
    {
        var owner = push ?? pull!;
        for (var shard = 0; shard < owner._shardEnds.Length; shard++)
        {
            var (pushes, pulls) = (push is not null && push.CountOf(shard) > 0, pull is not null && pull.CountOf(shard) > 0);
            if (!pushes && !pulls) continue;
            var transfer = ((pushes, pulls) switch { (true, true) => owner._pushPulls, (true, false) => owner._pushes, _ => owner._pulls })[shard];
            if (pushes) transfer.Gradient[0] = push!.SliceOf(shard);
            if (pulls) transfer.Values[0] = pull!.SliceOf(shard);
            transfers.Add(transfer);
        }
    }

    public void Release()
    {
        Pooled.Return(ref _given);
        Pooled.Return(ref _places);
        Pooled.Return(ref _slots);
        Pooled.Return(ref _shards);
        Pooled.Return(ref _keys);
        Pooled.Return(ref _rows);
        Clear();
    }

    private int StartOf(int shard) => shard == 0 ? 0 : _shardEnds[shard - 1];

    private int CountOf(int shard) => _shardEnds[shard] - StartOf(shard);

    private SegmentSlice SliceOf(int shard)
    {
        var (start, count) = (StartOf(shard), CountOf(shard));
        return new(0, _rows.AsMemory(start * Width, count * Width)) { Keys = _keys.AsMemory(start, count) };
    }

    // In the end each shard's entry is where it begins.
    private int CountShards(ReadOnlySpan<long> sorted)
    {
        Array.Clear(_shardEnds);
        var count = 0;
        for (var i = 0; i < sorted.Length; i++)
        {
            if (i > 0 && sorted[i] == sorted[i - 1])
            {
                _shards[i] = -1;
                continue;
            }
            var shard = KeyHash.Shard(KeyHash.Of(sorted[i]), _shardEnds.Length);
            _shards[i] = (short)shard;
            _shardEnds[shard]++;
            count++;
        }
        var next = 0;
        foreach (ref var start in _shardEnds.AsSpan()) (start, next) = (next, next + start);
        return count;
    }

    // Then where its next key goes, and when all are there where it ends. A key that comes again has its slot's complement.
    private void Distribute(ReadOnlySpan<long> sorted, ReadOnlySpan<int> places)
    {
        var slot = 0;
        for (var i = 0; i < sorted.Length; i++)
        {
            if (_shards[i] < 0)
            {
                _slots[places[i]] = ~slot;
                continue;
            }
            slot = _shardEnds[_shards[i]]++;
            _keys[slot] = sorted[i];
            _slots[places[i]] = slot;
        }
    }
}

/// <summary>Arrays of the shared pool that grow.</summary>
internal static class Pooled
{
    /// <summary>Makes room for so many, keeping the first ones.</summary>
    public static void Grow<T>(ref T[] array, int kept, int count)
    {
        if (array.Length >= count) return;
        var next = ArrayPool<T>.Shared.Rent(count);
        array.AsSpan(0, kept).CopyTo(next);
        Return(ref array);
        array = next;
    }

    public static void Return<T>(ref T[] array)
    {
        if (array.Length > 0) ArrayPool<T>.Shared.Return(array);
        array = [];
    }
}
