namespace OrleansPs.Client;

/// <summary>Operations that wait for their next use, at most <see cref="Capacity"/>.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class OperationPool(SessionContext context) : IDisposable
{
    public const int Capacity = 16;

    private readonly Lock _lock = new();
    private readonly Stack<BlockOperation> _idle = new(Capacity);
    private bool _isDisposed;

    public BlockOperation Rent()
    {
        lock (_lock)
            if (_idle.TryPop(out var operation)) return operation;
        return new(context);
    }

    public void Return(BlockOperation operation)
    {
        lock (_lock)
        {
            if (!_isDisposed && _idle.Count < Capacity)
            {
                _idle.Push(operation);
                return;
            }
        }
        operation.Dispose();
    }

    public void Dispose()
    {
        BlockOperation[] idle;
        lock (_lock)
        {
            _isDisposed = true;
            idle = [.. _idle];
            _idle.Clear();
        }
        foreach (var operation in idle) operation.Dispose();
    }
}
