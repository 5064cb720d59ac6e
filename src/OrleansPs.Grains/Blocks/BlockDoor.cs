using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using OrleansPs.Protocol;

namespace OrleansPs.Grains;

/// <summary>A silo's door to its blocks. Each request goes on as a call to the block's grain, which is nearly always here.</summary>
internal sealed class BlockDoor(Silo silo, ILoggerFactory loggers, IGrainFactory grains)
    : GrainService(DoorIds.Of(SiloAddress.Zero), silo, loggers), IBlockDoor
{
    private readonly string _silo = silo.SiloAddress.ToParsableString();

    ValueTask<string> IBlockDoor.Silo() => new(_silo);

    public async ValueTask<BlockAnswer[]> Exchange(BlockRequest[] requests)
    {
        ArgumentNullException.ThrowIfNull(requests);
        var (answers, running) = (new BlockAnswer[requests.Length], new Task<BlockAnswer>?[requests.Length]);
        for (var i = 0; i < requests.Length; i++)
        {
            var answer = AskAsync(requests[i]);
            if (answer.IsCompletedSuccessfully) answers[i] = answer.Result;
            else running[i] = answer;
        }
        for (var i = 0; i < requests.Length; i++)
            if (running[i] is { } answer) answers[i] = await answer;
        return answers;
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
                    return new(await block.Push(header, newest, payload!), null, null);
                case BlockRequestKind.Pull:
                    return AnswerOf(await block.Pull(header, newest, request.Segments ?? []));
                case BlockRequestKind.PullRows:
                    return AnswerOf(await block.PullRows(header, newest, payload!));
                case BlockRequestKind.PushPull:
                    return AnswerOf(await block.PushPull(header, newest, payload!, request.Segments ?? []));
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
