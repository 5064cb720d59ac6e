using OrleansPs.Core.Messages;

namespace OrleansPs.Protocol;

/// <summary>
/// One replica of one block. Its key is drawn anew whenever a block gets a new place, so a late message for an old place finds
/// an activation that is blank and serves nothing.
/// </summary>
[Alias("orleansps.IBlockGrain")]
public interface IBlockGrain : IGrainWithStringKey
{
    /// <summary>Sends a gradient.</summary>
    [Alias("Push")]
    ValueTask<BlockReply> Push(MessageHeader header, Certificate? newest, TensorPayload gradient);

    /// <summary>Reads segments.</summary>
    [Alias("Pull")]
    ValueTask<PullReply> Pull(MessageHeader header, Certificate? newest, int[] segments);

    /// <summary>Reads rows of a table.</summary>
    [Alias("PullRows")]
    ValueTask<PullReply> PullRows(MessageHeader header, Certificate? newest, TensorPayload keys);

    /// <summary>
    /// Push and pull in one round trip. Of a table no segments are named: the rows that are read are those of the payload's second piece, which has
    /// keys and no floats, and without one those that are pushed.
    /// </summary>
    [Alias("PushPull")]
    ValueTask<PullReply> PushPull(MessageHeader header, Certificate? newest, TensorPayload gradient, int[] segments);

    /// <summary>Gives the block certificates that it lacks.</summary>
    [Alias("Certify")]
    ValueTask<BlockReply> Certify(MessageHeader header, Certificate[] certificates);
}

/// <summary>The answer to a pull.</summary>
/// <param name="Reply">What the block answers.</param>
/// <param name="Values">The values in the order of the segments that were asked for, or null.</param>
[GenerateSerializer, Alias("orleansps.PullReply")]
public readonly record struct PullReply([property: Id(0)] BlockReply Reply, [property: Id(1)] TensorPayload? Values);
