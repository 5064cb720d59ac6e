using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using OrleansPs.Core.Partitioning;

namespace OrleansPs.Core.Tables;

/// <summary>
/// Records of equal length under 64-bit keys: open addressing with linear probing over row numbers, the records in slabs of
/// memory, the small ones from the pool. No object and no pointer a row.
/// </summary>
/// <remarks>
/// A row's number stays the same while it exists. An entry of the index is number + 1, so that 0 is a free slot, and the upper half of the key's hash, so
/// that other keys in the way are passed by without a look at their rows; it doubles when three quarters are taken. A removal closes its gap by moving later
/// rows of the same run back, so there are no tombstones. A row's key stands before its record, so that finding it brings the record along. Not thread safe.
/// </remarks>
internal sealed class RowStore
{
    private const int RowBits = 16;
    private const int RowMask = (1 << RowBits) - 1;
    private const int SmallestSlab = 1 << 10;
    private const int LargestSlab = 1 << 20;
    private const int MostSlabs = 1 << (31 - RowBits);
    private const ulong TagMask = 0xFFFF_FFFF_0000_0000;

    private const int KeyFloats = sizeof(long) / sizeof(float);
    private const int CacheLine = 64;

    /// <summary>Rows looked up at a time, at most.</summary>
    public const int Wave = 64;

    private readonly int _floats;
    private readonly int _stride;
    private readonly List<int> _free = [];
    private Slab[] _slabs = [];
    private int _slabCount;
    private int _nextInSlab;
    private ulong[] _index;
    private int _mask;
    // Of no meaning: where memory can't be asked for, it is read.
    private ulong _asked;

    public RowStore(int floats)
    {
        (_floats, _stride) = (floats, floats + KeyFloats);
        _index = RentIndex(16);
        _mask = 15;
    }

    /// <summary>How many rows there are.</summary>
    public int Count { get; private set; }

    /// <summary>The memory that is taken: records, keys and index.</summary>
    public long Bytes { get; private set; } = 16 * sizeof(ulong);

    /// <summary>How many rows of so many floats fit into a store, at least: the first slabs are smaller than the others.</summary>
    public static int MostRows(int floats) => (MostSlabs / 2) * Math.Min(LargestSlab / Math.Min(floats + KeyFloats, LargestSlab / 16), 1 << RowBits);

    /// <summary>The number of a key's row, or -1.</summary>
    public int Find(long key)
    {
        var hash = KeyHash.Of(key);
        var entry = EntryFrom((int)hash & _mask, hash, out var slot);
        while (entry != 0 && KeyOf(RowIn(entry)) != key) entry = EntryFrom((slot + 1) & _mask, hash, out slot);
        return RowIn(entry);
    }

    /// <summary>
    /// Finds the next keys of a batch, up to <see cref="Wave"/>: -1 for those that have no row. Records are asked for as soon as their numbers are known, and
    /// index entries a wave ahead, so that the processor waits for many rows at once, and while it works on others.
    /// </summary>
    /// <param name="keys">All keys of the batch.</param>
    /// <param name="at">How many were found already.</param>
    /// <param name="rows">The rows of those that follow.</param>
    /// <returns>How many they are.</returns>
    public int Find(ReadOnlySpan<long> keys, int at, Span<int> rows)
    {
        var wave = keys.Slice(at, Math.Min(Wave, keys.Length - at));
        if (at == 0) AskForIndex(wave);
        for (var i = 0; i < wave.Length; i++)
        {
            var hash = KeyHash.Of(wave[i]);
            rows[i] = RowIn(EntryFrom((int)hash & _mask, hash, out _));
            if (rows[i] >= 0) AskForRecord(rows[i]);
        }
        var next = keys[(at + wave.Length)..];
        AskForIndex(next[..Math.Min(Wave, next.Length)]);
        for (var i = 0; i < wave.Length; i++)
            if (rows[i] >= 0 && KeyOf(rows[i]) != wave[i]) rows[i] = Find(wave[i]);
        return wave.Length;
    }

    /// <summary>Adds a row for a key that has none; its record has any numbers.</summary>
    public int Add(long key)
    {
        if ((Count + 1) * 4L > (_mask + 1) * 3L) Grow();
        var row = TakeRow();
        Unsafe.WriteUnaligned(ref Unsafe.As<float, byte>(ref FirstOf(row)), key);
        Insert(row, key);
        Count++;
        return row;
    }

    /// <summary>Takes a row out.</summary>
    public void Remove(int row)
    {
        var slot = (int)KeyHash.Of(KeyOf(row)) & _mask;
        while (RowIn(_index[slot]) != row) slot = (slot + 1) & _mask;
        CloseGap(slot);
        _free.Add(row);
        Count--;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long KeyOf(int row) => Unsafe.ReadUnaligned<long>(ref Unsafe.As<float, byte>(ref FirstOf(row)));

    /// <summary>A row's record.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<float> Record(int row) => _slabs[row >> RowBits].Records.AsSpan(((row & RowMask) * _stride) + KeyFloats, _floats);

    /// <summary>The numbers of all rows, in no order that means anything.</summary>
    /// <param name="rows">At least <see cref="Count"/> long.</param>
    public void CopyRows(Span<int> rows)
    {
        var n = 0;
        foreach (var entry in _index.AsSpan(0, _mask + 1))
            if (entry != 0) rows[n++] = RowIn(entry);
    }

    /// <summary>Returns all memory.</summary>
    public void Release()
    {
        ReturnIndex(_index);
        for (var i = 0; i < _slabCount; i++) _slabs[i].Return();
        _slabCount = 0;
    }

    private unsafe void AskForIndex(ReadOnlySpan<long> keys)
    {
        ref var index = ref MemoryMarshal.GetArrayDataReference(_index);
        foreach (var key in keys)
        {
            ref var entry = ref Unsafe.Add(ref index, (int)KeyHash.Of(key) & _mask);
            if (Sse.IsSupported) Sse.Prefetch0(Unsafe.AsPointer(ref entry));
            else _asked ^= entry;
        }
    }

    // A hint: if the array is moved meanwhile, it was for nothing.
    private unsafe void AskForRecord(int row)
    {
        ref var first = ref Unsafe.As<float, byte>(ref FirstOf(row));
        var bytes = _stride * sizeof(float);
        if (!Sse.IsSupported)
        {
            _asked ^= Unsafe.Add(ref first, bytes - 1);
            return;
        }
        for (var at = 0; at < bytes; at += CacheLine) Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.Add(ref first, at)));
        Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.Add(ref first, bytes - 1)));
    }

    // -1 for a free slot.
    private static int RowIn(ulong entry) => (int)entry - 1;

    /// <summary>The first entry from a slot on whose hash may be this one; 0 if there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong EntryFrom(int slot, ulong hash, out int at)
    {
        ref var index = ref MemoryMarshal.GetArrayDataReference(_index);
        var entry = Unsafe.Add(ref index, slot);
        while (entry != 0 && ((entry ^ hash) & TagMask) != 0)
        {
            slot = (slot + 1) & _mask;
            entry = Unsafe.Add(ref index, slot);
        }
        at = slot;
        return entry;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref float FirstOf(int row) => ref _slabs[row >> RowBits].Records[(row & RowMask) * _stride];

    private static ulong[] RentIndex(int slots)
    {
        if (slots >= LargePages.LeastBytes / sizeof(ulong)) return LargePages.Allocate<ulong>(slots);
        var index = ArrayPool<ulong>.Shared.Rent(slots);
        index.AsSpan(0, slots).Clear();
        return index;
    }

    private static void ReturnIndex(ulong[] index)
    {
        if (index.Length < LargePages.LeastBytes / sizeof(ulong)) ArrayPool<ulong>.Shared.Return(index);
    }

    private void Insert(int row, long key)
    {
        var hash = KeyHash.Of(key);
        var slot = (int)hash & _mask;
        while (_index[slot] != 0) slot = (slot + 1) & _mask;
        _index[slot] = (hash & TagMask) | (uint)(row + 1);
    }

    private void Grow()
    {
        var (old, slots) = (_index, checked((_mask + 1) * 2));
        _index = RentIndex(slots);
        Bytes += (slots - _mask - 1L) * sizeof(ulong);
        var before = _mask + 1;
        _mask = slots - 1;
        foreach (var entry in old.AsSpan(0, before))
            if (entry != 0) Insert(RowIn(entry), KeyOf(RowIn(entry)));
        ReturnIndex(old);
    }

    /// <summary>Moves rows of the run behind a slot back, where that brings them no further than their own slot.</summary>
    private void CloseGap(int gap)
    {
        for (var slot = (gap + 1) & _mask; _index[slot] is var entry and not 0; slot = (slot + 1) & _mask)
        {
            var own = (int)KeyHash.Of(KeyOf(RowIn(entry))) & _mask;
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
        if (_slabCount == MostSlabs) throw new InvalidOperationException("A shard has no room for more rows.");
        if (_slabCount == _slabs.Length) Array.Resize(ref _slabs, Math.Max(4, _slabs.Length * 2));
        var floats = Math.Min(SmallestSlab << Math.Min(2 * _slabCount, 16), LargestSlab);
        while (floats < 16 * _stride) floats *= 2;
        var slab = new Slab(floats, Math.Min(floats / _stride, 1 << RowBits));
        _slabs[_slabCount++] = slab;
        _nextInSlab = 0;
        Bytes += (long)slab.Records.Length * sizeof(float);
    }

    private readonly struct Slab(int floats, int rows)
    {
        public float[] Records { get; } = IsLarge(floats) ? LargePages.AllocateUninitialized<float>(floats) : ArrayPool<float>.Shared.Rent(floats);

        public int Rows { get; } = rows;

        public void Return()
        {
            if (!IsLarge(floats)) ArrayPool<float>.Shared.Return(Records);
        }

        private static bool IsLarge(int floats) => floats >= LargePages.LeastBytes / sizeof(float);
    }
}
