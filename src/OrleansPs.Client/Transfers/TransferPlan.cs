using OrleansPs.Core.Messages;

namespace OrleansPs.Client;

/// <summary>What one operation exchanges with one block; one of the two sides may be empty.</summary>
/// <param name="Block">The block.</param>
/// <param name="Gradient">The caller's memory that is pushed, ascending by segment.</param>
/// <param name="Values">The caller's memory that is written, ascending by segment.</param>
internal sealed record BlockTransfer(int Block, SegmentSlice[] Gradient, SegmentSlice[] Values)
{
    public bool Pushes => Gradient.Length > 0;

    public bool Pulls => Values.Length > 0;

    /// <summary>Whether it is about rows of a table.</summary>
    public bool IsOfRows => (Pushes ? Gradient[0] : Values[0]).Keys.Length > 0;
}

/// <summary>How one operation's tensors map to blocks, worked out once and used again and again.</summary>
internal sealed class TransferPlan
{
    public TransferPlan(BlockTransfer[] transfers) => (Transfers, Gradients, Values) = (transfers, [], []);

    public TransferPlan(BlockTransfer[] transfers, Memory<float>[] gradients, Memory<float>[] values)
    {
        Transfers = transfers;
        Gradients = gradients;
        Values = values;
        BytesPushed = transfers.Sum(t => t.Gradient.Sum(s => (long)s.Values.Length)) * sizeof(float);
        BytesPulled = transfers.Sum(t => t.Values.Sum(s => (long)s.Values.Length)) * sizeof(float);
    }

    /// <summary>Ascending by block.</summary>
    public BlockTransfer[] Transfers { get; }

    /// <summary>The gradients in the caller's order, frozen parameters' too.</summary>
    public Memory<float>[] Gradients { get; }

    /// <summary>The destinations in the caller's order.</summary>
    public Memory<float>[] Values { get; }

    /// <summary>Those of the gradients that are sent encoded.</summary>
    public CompressedGradient[] Compressed { get; init; } = [];

    /// <summary>What encoded pushes of this plan use again; under the lock of the session's <see cref="GradientEncoder"/>.</summary>
    public Stack<EncodedPush> Encoded { get; } = new();

    /// <summary>How many rows are pushed, by table.</summary>
    public IReadOnlyList<RowsOfTable> RowsPushed { get; init; } = [];

    public long BytesPushed { get; init; }

    public long BytesPulled { get; init; }
}
