using OrleansPs.Core.Partitioning;

namespace OrleansPs.Client;

/// <summary>Row calls that wait for their next use, at most <see cref="Capacity"/>.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class RowCalls(ModelSpec spec, BlockLayout layout)
{
    private const int Capacity = OperationPool.Capacity;

    private readonly Lock _lock = new();
    private readonly Stack<RowCall> _idle = new(Capacity);
    private bool _isReleased;

    public RowCall Rent()
    {
        lock (_lock)
            if (_idle.TryPop(out var call)) return call;
        return new(spec, layout);
    }

    public void Return(RowCall call)
    {
        lock (_lock)
        {
            if (!_isReleased && _idle.Count < Capacity)
            {
                _idle.Push(call);
                return;
            }
        }
        call.Release();
    }

    public void Release()
    {
        lock (_lock)
        {
            _isReleased = true;
            foreach (var call in _idle) call.Release();
            _idle.Clear();
        }
    }
}
