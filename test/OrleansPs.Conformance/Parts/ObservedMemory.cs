using System.Buffers;

namespace OrleansPs.Conformance;

/// <summary>Memory that says when it is read or written: so a call can be disturbed right in its middle.</summary>
public sealed class ObservedMemory : MemoryManager<float>
{
    private readonly float[] _values;
    private readonly Action<int> _onRead;
    private int _reads;

    /// <summary>Memory full of one value.</summary>
    /// <param name="length">Its length.</param>
    /// <param name="value">The value.</param>
    /// <param name="onRead">Is told how often the memory was asked for, from 1.</param>
    public ObservedMemory(int length, float value, Action<int> onRead)
    {
        _values = new float[length];
        _onRead = onRead;
        Array.Fill(_values, value);
    }

    public override Memory<float> Memory => CreateMemory(_values.Length);

    public override Span<float> GetSpan()
    {
        _onRead(Interlocked.Increment(ref _reads));
        return _values;
    }

    public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException();

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
