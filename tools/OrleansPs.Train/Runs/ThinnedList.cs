namespace OrleansPs.Train;

/// <summary>A list that never grows beyond a bound: when it is full, every other item goes, and from then on every other one comes.</summary>
internal sealed class ThinnedList<T>(int bound)
{
    private readonly List<T> _items = [];
    private long _stride = 1;
    private long _seen;

    public void Add(T item)
    {
        if (_seen++ % _stride != 0) return;
        if (_items.Count == bound) Thin();
        if ((_seen - 1) % _stride == 0) _items.Add(item);
    }

    public T[] ToArray() => [.. _items];

    private void Thin()
    {
        var kept = _items.Where((_, i) => i % 2 == 0).ToArray();
        _items.Clear();
        _items.AddRange(kept);
        _stride *= 2;
    }
}
