using OrleansPs.Core.Blocks;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Simulation;

/// <summary>
/// One block: a primary that answers, and a standby that is given each entry of the primary's log a little later. They may switch
/// roles when the standby has all entries.
/// </summary>
internal sealed class SimBlock : IBlockEntrySink
{
    private readonly World _world;
    private readonly BlockShape _shape;
    private readonly List<(BlockEntry Entry, SegmentSlice[] Gradient)> _log = [];
    private BlockReplica? _primary;
    private BlockReplica? _standby;
    private bool _isShipping;

    public SimBlock(World world, BlockShape shape)
    {
        _world = world;
        _shape = shape;
    }

    public long Generation => _primary?.Generation ?? -1;

    public BlockReplica Primary => _primary!;

    /// <summary>The block's part of a whole crash: nobody answers until it is started again.</summary>
    public void Crash()
    {
        _primary = _standby = null;
        _log.Clear();
    }

    /// <summary>Begins a generation; an older one is over.</summary>
    public void Start(long generation, BlockImage? image, long cut)
    {
        if (generation <= Generation) return;
        _log.Clear();
        _primary = new(_world.Spec, _shape, generation, 0, image, this, cut);
        _standby = new(_world.Spec, _shape, generation, 0, image, this, cut);
    }

    /// <summary>Handles a message, if anybody is there.</summary>
    public void Handle(Func<BlockReplica, BlockReply> handle, Action<BlockReply> answer)
    {
        if (_primary is null) return;
        var reply = handle(_primary);
        _world.Trace.Note('b', _shape.Index, (long)reply.Status, reply.Version);
        answer(reply);
    }

    /// <summary>Switches roles, as a failover does: the standby has all entries, and the primary's own memory of them does not count.</summary>
    public void Failover()
    {
        if (_primary is null) return;
        CatchUp();
        (_primary, _standby) = (_standby, _primary);
    }

    void IBlockEntrySink.OnEntry(in BlockEntry entry, ReadOnlySpan<SegmentSlice> gradient)
    {
        // The standby tells its entries too; only the primary's are news.
        if (_standby!.LastEntry >= entry.Index) return;
        var copy = gradient.ToArray();
        for (var i = 0; i < copy.Length; i++) copy[i] = copy[i] with { Values = copy[i].Values.ToArray() };
        _log.Add((entry, copy));
        if (_isShipping) return;
        _isShipping = true;
        _world.Scheduler.After(_world.Scheduler.Milliseconds(0.1, 20), Ship);
    }

    /// <summary>Gives the standby some entries; one that is out of its turn must be refused.</summary>
    private void Ship()
    {
        _isShipping = false;
        if (_standby is null || _log.Count == 0) return;
        if (_log.Count > 1 && _world.Scheduler.Chance(0.3)) OfferOutOfTurn(_log[^1]);
        var first = _log[0];
        CatchUp();
        if (_world.Scheduler.Chance(0.3)) OfferOutOfTurn(first);
    }

    private void CatchUp()
    {
        foreach (var (entry, gradient) in _log.ToArray())
        {
            if (!_standby!.Accept(entry, gradient))
                _world.Violate("P2", $"The standby of block {_shape.Index} refused entry {entry.Index} after {_standby.LastEntry}.");
        }
        _log.Clear();
        if (_standby!.LastEntry != _primary!.LastEntry || _standby.Version != _primary.Version)
            _world.Violate("P2", $"The standby of block {_shape.Index} has all entries and is at {_standby.LastEntry}, not {_primary.LastEntry}.");
        CompareValues();
    }

    private void OfferOutOfTurn((BlockEntry Entry, SegmentSlice[] Gradient) shipped)
    {
        if (_standby!.Accept(shipped.Entry, shipped.Gradient))
            _world.Violate("P2", $"The standby of block {_shape.Index} took entry {shipped.Entry.Index} out of its turn.");
    }

    private void CompareValues()
    {
        var one = Read(_primary!);
        var other = Read(_standby!);
        for (var i = 0; i < one.Length; i++)
            if (!one[i].AsSpan().SequenceEqual(other[i]))
                _world.Violate("P2", $"Segment {i} of block {_shape.Index} differs between primary and standby.");
    }

    /// <summary>The values of a replica, segment by segment.</summary>
    public float[][] Read(BlockReplica replica)
    {
        var slices = _shape.Segments.Select((s, i) => new SegmentSlice(i, new float[s.Length])).ToArray();
        var header = new MessageHeader { Generation = replica.Generation, Rank = -1, Clock = -1 };
        var reply = replica.Pull(header, null, slices);
        if (reply.Status != BlockStatus.Ok)
            _world.Violate("P7", $"Block {_shape.Index} answered {reply.Status} to a reader of any version.");
        return [.. slices.Select(s => s.Values.ToArray())];
    }

    /// <summary>At the end of a run: both replicas, dedupe state and counts included, byte for byte.</summary>
    public void CompareImages(long cut)
    {
        if (_primary is null) return;
        CatchUp();
        var (primary, standby) = (_primary, _standby!);
        // From here on the two are told the same by hand.
        var one = ImageOf(primary, cut);
        _log.Clear();
        var other = ImageOf(standby, cut);
        if (!one.AsSpan().SequenceEqual(other))
            _world.Violate("P2", $"The images of block {_shape.Index} on primary and standby differ.");
    }

    private byte[] ImageOf(BlockReplica replica, long cut)
    {
        var header = new MessageHeader
        { Generation = replica.Generation, Rank = -1, Term = long.MaxValue, Certificate = replica.Version };
        replica.Freeze(header, cut, []);
        var (reply, image) = replica.TakeCut(header, cut);
        if (image is null)
        {
            _world.Violate("P5", $"Block {_shape.Index} answered {reply.Status} to the last cut.");
            return [];
        }
        var bytes = new byte[BlockImageCodec.GetEncodedLength(image)];
        BlockImageCodec.Encode(image, _world.Spec.Name, replica.Generation, cut, 0, bytes);
        return bytes;
    }
}
