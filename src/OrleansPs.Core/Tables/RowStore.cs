using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using OrleansPs.Core.Partitioning;

namespace OrleansPs.Core.Tables;

/// <summary>
/// Records of equal length under 64-bit keys: open addressing with linear probing over row numbers, the records in slabs of pooled
/// memory. No object and no pointer a row.
/// </summary>
/// <remarks>
/// A row's number stays the same while it exists. The index holds number + 1, so that 0 is a free slot; it doubles when three quarters
/// are taken. A removal closes its gap by moving later rows of the same run back, so there are no tombstones. Not thread safe.
/// </remarks>
internal sealed class RowStore
{
    private const int RowBits = 16;
    private const int RowMask = (1 << RowBits) - 1;
    private const int SmallestSlab = 1 << 10;
    private const int LargestSlab = 1 << 16;

    private readonly int _floats;
    private readonly List<int> _free = [];
    private Slab[] _slabs = [];
    private int _slabCount;
    private int _nextInSlab;
    private int[] _index;
    private int _mask;

    public RowStore(int floats)
    {
        _floats = floats;
        _index = RentIndex(16);
        _mask = 15;
    }

    /// <summary>How many rows there are.</summary>
    public int Count { get; private set; }

    /// <summary>The memory that is taken: records, keys and index.</summary>
    public long Bytes { get; private set; } = 16 * sizeof(int);

    /// <summary>The number of a key's row, or -1.</summary>
    public int Find(long key)
    {
        for (var slot = (int)KeyHash.Of(key) & _mask; _index[slot] is var entry and not 0; slot = (slot + 1) & _mask)
            if (KeyOf(entry - 1) == key) return entry - 1;
        return -1;
    }

    /// <summary>
    /// Finds many keys: -1 for those that have no row. Memory is read in waves, so that the processor waits for many rows at once and
    /// not for one after the other.
    /// </summary>
    public void Find(ReadOnlySpan<long> keys, Span<int> rows)
    {
        ref var index = ref MemoryMarshal.GetArrayDataReference(_index);
        for (var i = 0; i < keys.Length; i++) rows[i] = Unsafe.Add(ref index, (int)KeyHash.Of(keys[i]) & _mask) - 1;
        for (var i = 0; i < keys.Length; i++)
            if (rows[i] >= 0 && KeyOf(rows[i]) != keys[i]) rows[i] = Find(keys[i]);
    }

    /// <summary>Reads a part of each row's record, so that the processor has it at hand when it comes to them one by one.</summary>
    /// <returns>Of no meaning; it keeps the reads from being left out.</returns>
    public float Touch(ReadOnlySpan<int> rows)
    {
        var sum = 0f;
        var last = _floats - 1;
        foreach (var row in rows)
        {
            if (row < 0) continue;
            var slab = _slabs[row >> RowBits];
            var at = (row & RowMask) * _floats;
            sum += slab.Records[at] + slab.Records[at + last];
        }
        return sum;
    }

    /// <summary>Adds a row for a key that has none; its record has any numbers.</summary>
    public int Add(long key)
    {
        if ((Count + 1) * 4L > (_mask + 1) * 3L) Grow();
        var row = TakeRow();
        _slabs[row >> RowBits].Keys[row & RowMask] = key;
        Insert(row, key);
        Count++;
        return row;
    }

    /// <summary>Takes a row out.</summary>
    public void Remove(int row)
    {
        var slot = (int)KeyHash.Of(KeyOf(row)) & _mask;
        while (_index[slot] != row + 1) slot = (slot + 1) & _mask;
        CloseGap(slot);
        _free.Add(row);
        Count--;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long KeyOf(int row) => _slabs[row >> RowBits].Keys[row & RowMask];

    /// <summary>A row's record.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<float> Record(int row) => _slabs[row >> RowBits].Records.AsSpan((row & RowMask) * _floats, _floats);

    /// <summary>The numbers of all rows, in no order that means anything.</summary>
    /// <param name="rows">At least <see cref="Count"/> long.</param>
    public void CopyRows(Span<int> rows)
    {
        var n = 0;
        foreach (var entry in _index.AsSpan(0, _mask + 1))
            if (entry != 0) rows[n++] = entry - 1;
    }

    /// <summary>Returns all memory.</summary>
    public void Release()
    {
        ArrayPool<int>.Shared.Return(_index);
        for (var i = 0; i < _slabCount; i++) _slabs[i].Return();
        _slabCount = 0;
    }

    private static int[] RentIndex(int slots)
    {
        var index = ArrayPool<int>.Shared.Rent(slots);
        index.AsSpan(0, slots).Clear();
        return index;
    }

    private void Insert(int row, long key)
    {
        var slot = (int)KeyHash.Of(key) & _mask;
        while (_index[slot] != 0) slot = (slot + 1) & _mask;
        _index[slot] = row + 1;
    }

    private void Grow()
    {
        var (old, slots) = (_index, checked((_mask + 1) * 2));
        _index = RentIndex(slots);
        Bytes += (slots - _mask - 1L) * sizeof(int);
        var before = _mask + 1;
        _mask = slots - 1;
        foreach (var entry in old.AsSpan(0, before))
            if (entry != 0) Insert(entry - 1, KeyOf(entry - 1));
        ArrayPool<int>.Shared.Return(old);
    }

    /// <summary>Moves rows of the run behind a slot back, where that brings them no further than their own slot.</summary>
    private void CloseGap(int gap)
    {
        for (var slot = (gap + 1) & _mask; _index[slot] is var entry and not 0; slot = (slot + 1) & _mask)
        {
            var own = (int)KeyHash.Of(KeyOf(entry - 1)) & _mask;
            if (((slot - own) & _mask) < ((slot - gap) & _mask)) continue;
            _index[gap] = entry;
            gap = slot;
        }
        _index[gap] = 0;
    }

    private int TakeRow()
    {
        if (_free.Count > 0)
        {
            var row = _free[^1];
            _free.RemoveAt(_free.Count - 1);
            return row;
        }
        if (_slabCount == 0 || _nextInSlab == _slabs[_slabCount - 1].Rows) AddSlab();
        return ((_slabCount - 1) << RowBits) | _nextInSlab++;
    }

    // The first slabs are small, for there are many small tables; a slab is rarely more than a row short of a power of two.
    private void AddSlab()
    {
        if (_slabCount == 1 << (31 - RowBits)) throw new InvalidOperationException("A shard has no room for more rows.");
        if (_slabCount == _slabs.Length) Array.Resize(ref _slabs, Math.Max(4, _slabs.Length * 2));
        var floats = Math.Min(SmallestSlab << Math.Min(2 * _slabCount, 16), LargestSlab);
        while (floats < 16 * _floats) floats *= 2;
        var slab = new Slab(floats, Math.Min(floats / _floats, 1 << RowBits));
        _slabs[_slabCount++] = slab;
        _nextInSlab = 0;
        Bytes += ((long)slab.Records.Length * sizeof(float)) + ((long)slab.Keys.Length * sizeof(long));
    }

    private readonly struct Slab(int floats, int rows)
    {
        public float[] Records { get; } = ArrayPool<float>.Shared.Rent(floats);

        public long[] Keys { get; } = ArrayPool<long>.Shared.Rent(rows);

        public int Rows { get; } = rows;

        public void Return()
        {
            ArrayPool<float>.Shared.Return(Records);
            ArrayPool<long>.Shared.Return(Keys);
        }
    }
}
