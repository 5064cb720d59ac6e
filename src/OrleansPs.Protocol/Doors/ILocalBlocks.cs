using System.Diagnostics.CodeAnalysis;
using OrleansPs.Core.Messages;

namespace OrleansPs.Protocol;

/// <summary>The blocks of the silo in whose process a session lives.</summary>
internal interface ILocalBlocks
{
    /// <summary>The block under a key, if it is in this process.</summary>
    bool TryFind(string key, [NotNullWhen(true)] out ILocalBlock? block);
}

/// <summary>
/// A block in this process, which reads from and writes to the memory of its caller, on the caller's thread. It does for a message what its grain
/// does, one at a time with those that come to the grain.
/// </summary>
/// <remarks>
/// Thread safe. When a call returns, the caller's memory is not touched any more; a reply that rests on a standby may still be to come. False means
/// that the block does not serve here: the ordinary way tells why.
/// </remarks>
internal interface ILocalBlock
{
    /// <summary>See <see cref="IBlockGrain.Push"/>.</summary>
    bool TryPush(in MessageHeader header, Certificate? newest, ReadOnlySpan<SegmentSlice> gradient, out ValueTask<BlockReply> reply);

    /// <summary>See <see cref="IBlockGrain.Pull"/> and <see cref="IBlockGrain.PullRows"/>.</summary>
    bool TryPull(in MessageHeader header, Certificate? newest, ReadOnlySpan<SegmentSlice> values, out ValueTask<BlockReply> reply);

    /// <summary>See <see cref="IBlockGrain.PushPull"/>.</summary>
    bool TryPushPull(
        in MessageHeader header, Certificate? newest, ReadOnlySpan<SegmentSlice> gradient, ReadOnlySpan<SegmentSlice> values,
        out ValueTask<BlockReply> reply);

    /// <summary>Answers a request that came in a message. Its payload stays the caller's, and is decoded if it came encoded.</summary>
    bool TryAnswer(in BlockRequest request, out ValueTask<PullReply> answer);
}
