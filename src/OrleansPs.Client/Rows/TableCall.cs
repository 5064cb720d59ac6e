using System.Buffers;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Tables;

namespace OrleansPs.Client;

/// <summary>
/// The rows of one table in one call: each key once, ascending, shard after shard, in memory of its own. So what is sent depends on
/// the keys and their gradients alone, and the caller's order and repetitions stay here.
/// </summary>
/// <remarks>Used again and again by one call at a time. Not thread safe.</remarks>
internal sealed class TableCall(EmbeddingTable table, int index, int firstShard)
{
    private readonly RowSums _sums = new(table.Width);
    private readonly int[] _shardSizes = new int[table.Shards];
    private long[] _keys = [];
    private int[] _order = [];
    private float[] _rows = [];

    public string Name => table.Name;

    public int Index => index;

    public int Limit => table.MaxRowsPerStep;

    public int Width => table.Width;

    /// <summary>How many keys there are, each once.</summary>
    public int Count => _sums.Count;

    /// <summary>The gradients, each key's added up.</summary>
    public Span<float> Sums => _sums.Rows;

    public void Clear() => _sums.Clear();

    public void Add(ReadOnlySpan<long> keys, ReadOnlySpan<float> gradients) => _sums.Add(keys, gradients);

    public void Add(ReadOnlySpan<long> keys)
    {
        foreach (var key in keys) _sums.FindOrAdd(key, out _);
    }

    /// <summary>Puts the keys in order, and for a push their gradients.</summary>
    public void Sort(bool withRows)
    {
        Reserve();
        CountShards();
        var next = 0;
        for (var shard = 0; shard < _shardSizes.Length; shard++)
        {
            var end = next + _shardSizes[shard];
            _shardSizes[shard] = next;
            next = end;
        }
        Distribute();
        if (!withRows) return;
        var sums = _sums.Rows;
        for (var i = 0; i < Count; i++) sums.Slice(_order[i] * Width, Width).CopyTo(_rows.AsSpan(i * Width, Width));
    }

    /// <summary>Adds what is exchanged with each shard.</summary>
    public void AddTransfers(List<BlockTransfer> transfers, bool push)
    {
        var start = 0;
        for (var shard = 0; shard < _shardSizes.Length; shard++)
        {
            var end = _shardSizes[shard];
            if (end > start)
            {
                SegmentSlice[] slices = [new(0, _rows.AsMemory(start * Width, (end - start) * Width)) { Keys = _keys.AsMemory(start, end - start) }];
                transfers.Add(push ? new(firstShard + shard, slices, []) : new(firstShard + shard, [], slices));
            }
            start = end;
        }
    }

    /// <summary>After a pull: the order of keys as they came first becomes that of their rows.</summary>
    public void Arrange()
    {
        var sums = _sums.Rows;
        for (var i = 0; i < Count; i++) _rows.AsSpan(i * Width, Width).CopyTo(sums.Slice(_order[i] * Width, Width));
    }

    /// <summary>Copies pulled rows to where the caller wants them.</summary>
    public void CopyTo(ReadOnlySpan<long> keys, Span<float> destination)
    {
        var sums = _sums.Rows;
        for (var i = 0; i < keys.Length; i++)
            sums.Slice(_sums.FindOrAdd(keys[i], out _) * Width, Width).CopyTo(destination.Slice(i * Width, Width));
    }

    public void Release()
    {
        _sums.Release();
        Return();
        (_keys, _order, _rows) = ([], [], []);
    }

    private void Reserve()
    {
        if (_keys.Length >= Count && _rows.Length >= Count * Width && _order.Length >= Count) return;
        Return();
        _keys = ArrayPool<long>.Shared.Rent(Count);
        _order = ArrayPool<int>.Shared.Rent(Count);
        _rows = ArrayPool<float>.Shared.Rent(checked(Count * Width));
    }

    private void Return()
    {
        if (_keys.Length == 0) return;
        ArrayPool<long>.Shared.Return(_keys);
        ArrayPool<int>.Shared.Return(_order);
        ArrayPool<float>.Shared.Return(_rows);
    }

    private void CountShards()
    {
        Array.Clear(_shardSizes);
        foreach (var key in _sums.Keys) _shardSizes[ShardOf(key)]++;
    }

    // Each shard's entry is where its next key goes, and in the end where it ends.
    private void Distribute()
    {
        var keys = _sums.Keys;
        for (var i = 0; i < keys.Length; i++)
        {
            var at = _shardSizes[ShardOf(keys[i])]++;
            (_keys[at], _order[at]) = (keys[i], i);
        }
        var start = 0;
        foreach (var end in _shardSizes)
        {
            Array.Sort(_keys, _order, start, end - start);
            start = end;
        }
    }

    private int ShardOf(long key) => KeyHash.Shard(KeyHash.Of(key), _shardSizes.Length);
}
