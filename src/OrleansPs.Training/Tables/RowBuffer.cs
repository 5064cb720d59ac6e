namespace OrleansPs.Training;

/// <summary>
/// The rows of one table that a batch touches, each once: their keys, values and gradients. Memory grows to the largest batch and is used again.
/// </summary>
/// <remarks>Not thread safe.</remarks>
internal sealed class RowBuffer(string table, int width)
{
    private readonly Dictionary<long, int> _slots = [];
    private long[] _keys = new long[256];
    private float[] _values = new float[256 * width];
    private float[] _gradients = new float[256 * width];

    /// <summary>How many rows there are.</summary>
    public int Count { get; private set; }

    /// <summary>Takes all rows out.</summary>
    public void Clear()
    {
        _slots.Clear();
        Count = 0;
    }

    /// <summary>The slot of a key's row, a new one if the batch has not touched it yet.</summary>
    public int SlotOf(long key)
    {
        ref var slot = ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_slots, key, out var isKnown);
        if (isKnown) return slot;
        if (Count == _keys.Length) Grow();
        _keys[Count] = key;
        return slot = Count++;
    }

    /// <summary>The row in a slot, as it was pulled.</summary>
    public ReadOnlySpan<float> Row(int slot) => _values.AsSpan(slot * width, width);

    /// <summary>The gradient of the row in a slot.</summary>
    public Span<float> Gradient(int slot) => _gradients.AsSpan(slot * width, width);

    /// <summary>Sets all gradients to zero.</summary>
    public void ClearGradients() => _gradients.AsSpan(0, Count * width).Clear();

    /// <summary>Adds the rows to a set to pull, and their gradients to one to push.</summary>
    public void AddTo(RowSet rows, RowSet gradients)
    {
        if (Count == 0) return;
        var keys = _keys.AsMemory(0, Count);
        rows.Add(table, keys, _values.AsMemory(0, Count * width));
        gradients.Add(table, keys, _gradients.AsMemory(0, Count * width));
    }

    private void Grow()
    {
        Array.Resize(ref _keys, 2 * _keys.Length);
        _values = new float[_keys.Length * width];
        _gradients = new float[_keys.Length * width];
    }
}
