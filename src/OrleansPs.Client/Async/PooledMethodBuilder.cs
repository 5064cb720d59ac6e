using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

#pragma warning disable CA1822 // The compiler calls all of these on an instance.

namespace OrleansPs.Client;

/// <summary>
/// Builds async methods whose memory is used again, as <see cref="PoolingAsyncValueTaskMethodBuilder"/> does, which keeps one for each thread and processor. Of a
/// session's requests dozens are under way at a time, so that most would be made anew. Here as many are kept as were needed at once, within a bound.
/// </summary>
/// <remarks>As of every pooled <see cref="ValueTask"/>: it is awaited once.</remarks>
[StructLayout(LayoutKind.Auto)]
internal struct PooledMethodBuilder
{
    private PooledMethodBuilder<bool> _builder;

    public static PooledMethodBuilder Create() => default;

    public ValueTask Task => _builder.UntypedTask;

    public readonly void Start<TStateMachine>(ref TStateMachine stateMachine) where TStateMachine : IAsyncStateMachine =>
        _builder.Start(ref stateMachine);

    public readonly void SetStateMachine(IAsyncStateMachine stateMachine)
    {
    }

    public void SetResult() => _builder.SetResult(true);

    public void SetException(Exception exception) => _builder.SetException(exception);

    public void AwaitOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : INotifyCompletion where TStateMachine : IAsyncStateMachine => _builder.AwaitOnCompleted(ref awaiter, ref stateMachine);

    public void AwaitUnsafeOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : ICriticalNotifyCompletion where TStateMachine : IAsyncStateMachine =>
        _builder.AwaitUnsafeOnCompleted(ref awaiter, ref stateMachine);
}

/// <inheritdoc cref="PooledMethodBuilder"/>
/// <typeparam name="TResult">What the method returns.</typeparam>
[StructLayout(LayoutKind.Auto)]
internal struct PooledMethodBuilder<TResult>
{
    private MethodBox<TResult>? _box;
    private TResult _result;

    public static PooledMethodBuilder<TResult> Create() => default;

    public readonly ValueTask<TResult> Task => _box is { } box ? new(box, box.Version) : new(_result);

    internal readonly ValueTask UntypedTask => _box is { } box ? new(box, box.Version) : default;

    public readonly void Start<TStateMachine>(ref TStateMachine stateMachine) where TStateMachine : IAsyncStateMachine =>
        AsyncValueTaskMethodBuilder.Create().Start(ref stateMachine);

    public readonly void SetStateMachine(IAsyncStateMachine stateMachine)
    {
    }

    public void SetResult(TResult result)
    {
        if (_box is { } box) box.SetResult(result);
        else _result = result;
    }

    public void SetException(Exception exception) => (_box ??= new()).SetException(exception);

    public void AwaitOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : INotifyCompletion where TStateMachine : IAsyncStateMachine => awaiter.OnCompleted(MoveNextOf(ref stateMachine));

    public void AwaitUnsafeOnCompleted<TAwaiter, TStateMachine>(ref TAwaiter awaiter, ref TStateMachine stateMachine)
        where TAwaiter : ICriticalNotifyCompletion where TStateMachine : IAsyncStateMachine => awaiter.UnsafeOnCompleted(MoveNextOf(ref stateMachine));

    // At the first wait the state machine moves into a box, and with it this builder, which has to know it by then.
    private Action MoveNextOf<TStateMachine>(ref TStateMachine stateMachine) where TStateMachine : IAsyncStateMachine
    {
        if (_box is MethodBox<TResult, TStateMachine> moved) return moved.Wait();
        var box = MethodBox<TResult, TStateMachine>.Rent();
        _box = box;
        box.StateMachine = stateMachine;
        return box.Wait();
    }
}
