using OrleansPs.Core.Messages;
using OrleansPs.Protocol;

namespace OrleansPs.Grains;

/// <summary>Replies that wait until the standby has what they tell, in the order of their entries.</summary>
/// <remarks>Not thread safe: used under the lock of its block.</remarks>
internal sealed class SafePoint
{
    private readonly Queue<(long Index, TaskCompletionSource<bool> Waiter)> _waiting = new();

    /// <summary>Waits for an entry.</summary>
    /// <returns>False if it may never be told.</returns>
    public Task<bool> WaitAsync(long index)
    {
        // What waits goes on in the turn in which the standby's word came, once that has done its own work.
        var waiter = new TaskCompletionSource<bool>();
        _waiting.Enqueue((index, waiter));
        return waiter.Task;
    }

    /// <summary>For whoever is in no turn of the grain, and goes on in none.</summary>
    public static async ValueTask<BlockReply> AnswerAsync(Task<bool> safe, BlockReply reply, BlockReply otherwise) =>
        await safe.ConfigureAwait(false) ? reply : otherwise;

    /// <inheritdoc cref="AnswerAsync(Task{bool}, BlockReply, BlockReply)"/>
    public static async ValueTask<PullReply> AnswerAsync(
        ValueTask<BlockReply> safe, TensorPayload? values, Func<BlockReply, TensorPayload?, PullReply> answer) => answer(await safe.ConfigureAwait(false), values);

    /// <summary>All entries up to an index are safe.</summary>
    public void Pass(long index)
    {
        while (_waiting.TryPeek(out var first) && first.Index <= index) _waiting.Dequeue().Waiter.SetResult(true);
    }

    /// <summary>What still waits may never be told.</summary>
    public void Fail()
    {
        while (_waiting.TryDequeue(out var first)) first.Waiter.SetResult(false);
    }
}
