using Orleans.Services;
using OrleansPs.Core.Messages;

namespace OrleansPs.Protocol;

/// <summary>
/// A silo's door to its blocks: takes requests to many of them in one message, and is reached by a client on the connection to this very silo, while a
/// message to a grain goes to any silo first and from there on.
/// </summary>
[Alias("orleansps.IBlockDoor")]
public interface IBlockDoor : IGrainService
{
    /// <summary>The silo, as it is named in the keys of blocks.</summary>
    [Alias("Silo")]
    ValueTask<string> Silo();

    /// <summary>Passes requests on to their blocks, and answers when all of them have.</summary>
    /// <returns>An answer to each, in the order of the requests.</returns>
    [Alias("Exchange")]
    ValueTask<BlockAnswer[]> Exchange(BlockRequest[] requests);
}

/// <summary>What is asked of a block.</summary>
public enum BlockRequestKind : byte
{
    /// <summary><see cref="IBlockGrain.Push"/>.</summary>
    Push,

    /// <summary><see cref="IBlockGrain.Pull"/>.</summary>
    Pull,

    /// <summary><see cref="IBlockGrain.PullRows"/>.</summary>
    PullRows,

    /// <summary><see cref="IBlockGrain.PushPull"/>.</summary>
    PushPull,
}

/// <summary>One request to one block.</summary>
/// <param name="Key">The key of its grain.</param>
/// <param name="Kind">What is asked.</param>
/// <param name="Header">Who asks.</param>
/// <param name="Newest">The newest certificate the sender knows, or null.</param>
/// <param name="Payload">The gradient, or the keys of rows; null for a pull.</param>
/// <param name="Segments">What is read; null or empty where nothing or rows are.</param>
[GenerateSerializer, Alias("orleansps.BlockRequest")]
public readonly record struct BlockRequest(
    [property: Id(0)] string Key, [property: Id(1)] BlockRequestKind Kind, [property: Id(2)] MessageHeader Header,
    [property: Id(3)] Certificate? Newest, [property: Id(4)] TensorPayload? Payload, [property: Id(5)] int[]? Segments)
{
    /// <summary>Whether it changes the block.</summary>
    internal bool Pushes => Kind is BlockRequestKind.Push or BlockRequestKind.PushPull;

    /// <summary>What a push or a push and pull pushes: of rows the first piece, for a second one names those that are read.</summary>
    internal ReadOnlySpan<SegmentSlice> Pushed =>
        Payload is not { } payload ? default : Kind == BlockRequestKind.PushPull && payload.KeyCount > 0 ? payload.Slices.Span[..1] : payload.Slices.Span;

    /// <summary>The pieces whose keys say which rows are read.</summary>
    internal ReadOnlySpan<SegmentSlice> Read => Payload is not { Slices.Length: > 0 } payload ? default
        : Kind == BlockRequestKind.PushPull ? payload.Slices.Span[Math.Min(1, payload.Slices.Length - 1)..] : payload.Slices.Span;
}

/// <summary>A block's answer to one request.</summary>
/// <param name="Reply">What it says; of no meaning if it could not be asked.</param>
/// <param name="Values">What was read, or null.</param>
/// <param name="Failure">Why it could not be asked; null if it was.</param>
[GenerateSerializer, Alias("orleansps.BlockAnswer")]
public readonly record struct BlockAnswer(
    [property: Id(0)] BlockReply Reply, [property: Id(1)] TensorPayload? Values, [property: Id(2)] Exception? Failure);
