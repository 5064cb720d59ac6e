using OrleansPs.Protocol;

namespace OrleansPs.Grains;

/// <summary>
/// The requests of one message: a block is nearly always here, and is asked on the thread that has the message; else its request goes on as a call to its grain.
/// </summary>
/// <remarks>Thread safe.</remarks>
internal sealed class DoorExchange(IGrainFactory grains, ILocalBlocks local)
{
    /// <summary>Passes requests on.</summary>
    /// <returns>An answer to each, in the order of the requests.</returns>
    public async Task<BlockAnswer[]> RunAsync(BlockRequest[] requests)
    {
        var (answers, running) = (new BlockAnswer[requests.Length], new Task<BlockAnswer>?[requests.Length]);
        for (var i = 0; i < requests.Length; i++)
        {
            if (!TryHere(requests[i], out answers[i], out running[i])) running[i] = AskAsync(requests[i]);
        }
        for (var i = 0; i < requests.Length; i++)
            if (running[i] is { } answer) answers[i] = await answer.ConfigureAwait(false);
        return answers;
    }

    // An answer, or one that is still to come.
    private bool TryHere(in BlockRequest request, out BlockAnswer answer, out Task<BlockAnswer>? running)
    {
        (answer, running) = (default, null);
        if (!local.TryFind(request.Key, out var block)) return false;
        try
        {
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
