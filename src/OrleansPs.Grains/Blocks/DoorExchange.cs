using OrleansPs.Protocol;

namespace OrleansPs.Grains;

/// <summary>
/// The requests of one message: a block is nearly always here, and is asked on the thread that has the message; else its request goes on as a call to its grain.
/// </summary>
/// <remarks>Thread safe.</remarks>
#pragma warning disable CA1001 // A semaphore nobody asks for its handle holds nothing.
internal sealed class DoorExchange(IGrainFactory grains, ILocalBlocks local)
#pragma warning restore CA1001
{
    // A block may be busy for long; then no more threads than these wait for it.
    private readonly SemaphoreSlim _atWork = new(Math.Max(2, Environment.ProcessorCount));

    /// <summary>Passes requests on, those of as many messages at a time as there are processors.</summary>
    /// <returns>An answer to each, in the order of the requests.</returns>
    public async Task<BlockAnswer[]> RunAsync(BlockRequest[] requests)
    {
        var (answers, running) = (new BlockAnswer[requests.Length], new Task<BlockAnswer>?[requests.Length]);
        await _atWork.WaitAsync().ConfigureAwait(false);
        try
        {
            for (var i = 0; i < requests.Length; i++)
                if (!TryHere(requests[i], out answers[i], out running[i])) running[i] = AskAsync(requests[i]);
        }
        finally
        {
            _atWork.Release();
        }
        for (var i = 0; i < requests.Length; i++)
            if (running[i] is { } answer) answers[i] = await answer.ConfigureAwait(false);
        return answers;
    }

    // An answer, or one that is still to come.
    private bool TryHere(in BlockRequest request, out BlockAnswer answer, out Task<BlockAnswer>? running)
    {
        (answer, running) = (default, null);
        try
        {
            if (request.Key is null) throw new ArgumentException("A request to a block has no Key; it must be that of the block's grain.");
            if (!local.TryFind(request.Key, out var block)) return false;
            if (!block.TryAnswer(request, out var reply)) return false;
            request.Payload?.Dispose();
            if (reply.IsCompletedSuccessfully) answer = AnswerOf(reply.Result);
            else running = WaitAsync(reply);
        }
#pragma warning disable CA1031 // It is thrown where the answer is awaited: one request fails, and not those that came with it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            request.Payload?.Dispose();
            answer = new(default, null, e);
        }
        return true;
    }

    private static async Task<BlockAnswer> WaitAsync(ValueTask<PullReply> reply)
    {
        try
        {
            return AnswerOf(await reply.ConfigureAwait(false));
        }
#pragma warning disable CA1031 // As above.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return new(default, null, e);
        }
    }

    private async Task<BlockAnswer> AskAsync(BlockRequest request)
    {
        try
        {
            var block = grains.GetGrain<IBlockGrain>(request.Key);
            var (header, newest, payload) = (request.Header, request.Newest, request.Payload);
            switch (request.Kind)
            {
                case BlockRequestKind.Push:
                    return new(await block.Push(header, newest, payload!).ConfigureAwait(false), null, null);
                case BlockRequestKind.Pull:
                    return AnswerOf(await block.Pull(header, newest, request.Segments ?? []).ConfigureAwait(false));
                case BlockRequestKind.PullRows:
                    return AnswerOf(await block.PullRows(header, newest, payload!).ConfigureAwait(false));
                case BlockRequestKind.PushPull:
                    return AnswerOf(await block.PushPull(header, newest, payload!, request.Segments ?? []).ConfigureAwait(false));
                default:
                    throw new ArgumentException($"A request to a block has Kind {request.Kind}; there is no such kind.");
            }
        }
#pragma warning disable CA1031 // It is thrown where the answer is awaited: one request fails, and not those that came with it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            request.Payload?.Dispose();
            return new(default, null, e);
        }
    }

    private static BlockAnswer AnswerOf(in PullReply reply) => new(reply.Reply, reply.Values, null);
}
