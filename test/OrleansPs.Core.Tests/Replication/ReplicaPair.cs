using OrleansPs.Core.Blocks;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Replication;

namespace OrleansPs.Core.Tests.Replication;

/// <summary>A primary and its standby, told so, with nothing between them but what the test carries.</summary>
internal sealed class ReplicaPair
{
    private readonly ModelSpec _spec;
    private readonly BlockShape _shape;
    private int _step;
    private int _order;

    public ReplicaPair(int elements = 4)
    {
        _spec = new("pair")
        {
            Parameters = [new("a", [elements])],
            Optimizer = Optimizer.Sum(),
            Consistency = ConsistencyPolicy.Asynchronous,
            Durability = DurabilityPolicy.Replicated(),
        };
        _shape = BlockLayout.Create(_spec).Blocks[0];
        Primary = new(_spec, _shape, 0);
        Standby = new(_spec, _shape, 0);
        Assert.Equal(ReplicaAnswer.Done, Primary.Obey(Command(ReplicaTask.Lead, Second)));
        Assert.Equal(ReplicaAnswer.Done, Standby.Obey(Command(ReplicaTask.Follow)));
    }

    public static ReplicaSite First { get; } = new("1", "a", new(1, 0, 0, new byte[8]));

    public static ReplicaSite Second { get; } = new("2", "b", new(2, 0, 0, new byte[8]));

    public static ReplicaSite Third { get; } = new("3", "c", new(3, 0, 0, new byte[8]));

    public ReplicatedBlock Primary { get; }

    public ReplicatedBlock Standby { get; }

    /// <summary>The next command of the coordinator.</summary>
    public ReplicaCommand Command(ReplicaTask task, ReplicaSite? standby = null, long epoch = 0) => new(new(1, ++_order), task, epoch, standby);

    /// <summary>The standby takes the primary's place, which does not hear of it.</summary>
    public void Promote() => Assert.Equal(ReplicaAnswer.Done, Standby.Obey(Command(ReplicaTask.Lead, epoch: 1)));

    public ReplicatedBlock FromState(ReadOnlySpan<byte> state) => ReplicatedBlock.FromState(_spec, _shape, 0, 0, state);

    /// <summary>One push of a step of its own.</summary>
    public void Push(ReplicatedBlock? to = null)
    {
        var replica = (to ?? Primary).Replica;
        var gradient = new float[_shape.Segments[0].Length];
        gradient[0] = ++_step;
        var header = new MessageHeader { Epoch = replica.Epoch, Incarnation = 1, Step = _step, Clock = _step };
        Assert.Equal(BlockStatus.Ok, replica.Push(header, null, [new(0, gradient)]).Status);
    }

    public float ValueOf(ReplicatedBlock block)
    {
        var values = new float[_shape.Segments[0].Length];
        block.Replica.Pull(new() { Epoch = block.Replica.Epoch, Rank = -1, Clock = -1 }, null, [new(0, values)]);
        return values[0];
    }

    /// <summary>What the primary has for a standby.</summary>
    public List<LoggedEntry> Read(Guid? standby = null, long bytes = long.MaxValue)
    {
        var entries = new List<LoggedEntry>();
        Primary.TryRead(standby ?? Second.Nonce, bytes, entries);
        return entries;
    }

    /// <summary>Gives the standby all it lacks, and the primary its answer.</summary>
    public void Feed(long after = 0)
    {
        if (after > 0) Primary.Acknowledged(Second.Nonce, new(StandbyStatus.Ok, Primary.Replica.LastEntry, 0));
        else Feed(Primary, Standby, Second.Nonce);
    }

    public void Feed(ReplicatedBlock from, ReplicatedBlock to, Guid nonce)
    {
        var entries = new List<LoggedEntry>();
        from.TryRead(nonce, long.MaxValue, entries);
        from.Acknowledged(nonce, to.Accept(from.Replica.Generation, from.Replica.Epoch, entries));
    }
}
