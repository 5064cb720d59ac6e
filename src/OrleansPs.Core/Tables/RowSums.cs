using System.Buffers;
using OrleansPs.Core.Optimizers;
using OrleansPs.Core.Partitioning;

namespace OrleansPs.Core.Tables;

/// <summary>
/// Adds up rows under their keys, and remembers the order in which the keys came. Used again and again; its memory is pooled and grows
/// with use.
/// </summary>
/// <remarks>Not thread safe.</remarks>
public sealed class RowSums(int width)
{
    private long[] _keys = [];
    private float[] _rows = [];
    private int[] _index = [];
    private int _mask = -1;

    /// <summary>How many keys there are.</summary>
    public int Count { get; private set; }

    /// <summary>The keys, in the order in which they came first.</summary>
    public ReadOnlySpan<long> Keys => _keys.AsSpan(0, Count);

    /// <summary>The sums, key after key.</summary>
    public Span<float> Rows => _rows.AsSpan(0, Count * width);

    /// <summary>Adds rows.</summary>
    /// <param name="keys">Their keys.</param>
    /// <param name="rows">The rows, key after key: <c>keys.Length</c> x width floats.</param>
    public void Add(ReadOnlySpan<long> keys, ReadOnlySpan<float> rows)
    {
        for (var i = 0; i < keys.Length; i++)
        {
            var row = rows.Slice(i * width, width);
            var at = FindOrAdd(keys[i], out var isNew);
            if (isNew) row.CopyTo(_rows.AsSpan(at * width, width));
            else GradientMath.Add(_rows.AsSpan(at * width, width), row);
        }
    }

    /// <summary>The place of a key, which is added if it is not there; its row is then to be written.</summary>
    public int FindOrAdd(long key, out bool isNew)
    {
        if ((Count + 1) * 2 > _mask + 1) Grow();
        var slot = (int)KeyHash.Of(key) & _mask;
        for (; _index[slot] is var entry and not 0; slot = (slot + 1) & _mask)
        {
            if (_keys[entry - 1] != key) continue;
            isNew = false;
            return entry - 1;
        }
        isNew = true;
        _keys[Count] = key;
        _index[slot] = Count + 1;
        return Count++;
    }

    /// <summary>Forgets all keys; the memory stays.</summary>
    public void Clear()
    {
        Count = 0;
        _index.AsSpan(0, _mask + 1).Clear();
    }

    /// <summary>Returns all memory; the object can be used again.</summary>
    public void Release()
    {
        if (_mask < 0) return;
        Return();
        (_keys, _rows, _index, _mask, Count) = ([], [], [], -1, 0);
    }

    private void Grow()
    {
        var slots = Math.Max(32, checked((_mask + 1) * 2));
        var (keys, rows, index) = (_keys, _rows, _index);
        _keys = ArrayPool<long>.Shared.Rent(slots / 2);
        // Rounding up to a power of two may ask for more than an array can have; whoever calls has not so many rows.
        _rows = ArrayPool<float>.Shared.Rent((int)Math.Min((long)slots / 2 * width, Array.MaxLength));
        _index = ArrayPool<int>.Shared.Rent(slots);
        _index.AsSpan(0, slots).Clear();
        keys.AsSpan(0, Count).CopyTo(_keys);
        rows.AsSpan(0, Count * width).CopyTo(_rows);
        if (_mask >= 0) Return(keys, rows, index);
        _mask = slots - 1;
        for (var i = 0; i < Count; i++)
        {
            var slot = (int)KeyHash.Of(_keys[i]) & _mask;
            while (_index[slot] != 0) slot = (slot + 1) & _mask;
            _index[slot] = i + 1;
        }
    }

    private void Return() => Return(_keys, _rows, _index);

    private static void Return(long[] keys, float[] rows, int[] index)
    {
        ArrayPool<long>.Shared.Return(keys);
        ArrayPool<float>.Shared.Return(rows);
        ArrayPool<int>.Shared.Return(index);
    }
}
