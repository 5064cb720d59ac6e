using OrleansPs.Core.Blocks;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Embedded;

/// <summary>
/// One block in this process: lets one message at a time into its replica, on the caller's thread. Blocks do not wait for
/// each other, so workers on different blocks run at the same time.
/// </summary>
internal sealed class BlockHost(BlockReplica replica)
{
    private readonly Lock _turn = new();
    private bool _closed;

    public BlockReply Push(in MessageHeader header, Certificate? newest, ReadOnlySpan<SegmentSlice> gradient)
    {
        lock (_turn) return _closed ? Closed() : replica.Push(header, newest, gradient);
    }

    public BlockReply Pull(in MessageHeader header, Certificate? newest, ReadOnlySpan<SegmentSlice> values)
    {
        lock (_turn) return _closed ? Closed() : replica.Pull(header, newest, values);
    }

    public BlockReply PushPull(
        in MessageHeader header, Certificate? newest, ReadOnlySpan<SegmentSlice> gradient, ReadOnlySpan<SegmentSlice> values)
    {
        lock (_turn) return _closed ? Closed() : replica.PushPull(header, newest, gradient, values);
    }

    public BlockReply Certify(in MessageHeader header, IReadOnlyList<Certificate> certificates)
    {
        lock (_turn) return _closed ? Closed() : replica.Certify(header, certificates);
    }

    public BlockReply Freeze(in MessageHeader header, long cut, IReadOnlyList<Certificate> certificates)
    {
        lock (_turn) return _closed ? Closed() : replica.Freeze(header, cut, certificates);
    }

    public BlockReply ChangePolicy(in MessageHeader header, TrainingPolicy policy, IReadOnlyList<Certificate> certificates)
    {
        lock (_turn) return _closed ? Closed() : replica.ChangePolicy(header, policy, certificates);
    }

    public (BlockReply Reply, BlockImage? Image) TakeCut(in MessageHeader header, long cut)
    {
        lock (_turn) return _closed ? (Closed(), null) : replica.TakeCut(header, cut);
    }

    public void DropCut(in MessageHeader header, long cut)
    {
        lock (_turn)
            if (!_closed) replica.DropCut(header, cut);
    }

    /// <summary>Frees the block's memory. Whoever still asks is told that the model is of another generation.</summary>
    public void Close()
    {
        lock (_turn)
        {
            if (_closed) return;
            _closed = true;
            replica.Release();
        }
    }

    private BlockReply Closed() => new(BlockStatus.OtherGeneration, 0, 0, replica.Generation + 1);
}
