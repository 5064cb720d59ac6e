using OrleansPs.Core.Blocks;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Replication;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Simulation;

/// <summary>Hosts one replica of a block on its silo: lets messages in, keeps answers back until the standby has what they rest on.</summary>
internal sealed class SimReplica
{
    private readonly World _world;
    private readonly int _block;
    private readonly long _generation;
    private readonly List<Waiting> _waiting = [];
    private ReplicaFeeds _feeds;
    private ReplicaLife _life;
    private Action<Guid>? _made;
    private TimeSpan _obeyed;

    public SimReplica(World world, SimSilo silo, int block, long generation, Guid nonce)
    {
        (_world, _block, _generation, Silo) = (world, block, generation, silo);
        Site = new($"{block}/{nonce}/{silo.Name}", silo.Name, nonce);
        (_feeds, _life) = (new(world, this), new(nonce));
    }

    public SimSilo Silo { get; }

    public ReplicaSite Site { get; }

    public int Block => _block;

    /// <summary>Whether it lives the life that its site names.</summary>
    public bool IsFirstLife => _life.Nonce == Site.Nonce;

    /// <summary>The replica; null while it is empty.</summary>
    public ReplicatedBlock? Core { get; private set; }

    private BlockShape Shape => _world.Model.Layout.Blocks[_block];

    /// <summary>Begins a generation: first values, or those of a snapshot.</summary>
    public void Begin(Guid nonce, BlockImage? image, long cut)
    {
        if (!_life.IsMeant(nonce) || Core is not null) return;
        _made = n => Begin(n, image, cut);
        Core = new(_world.Spec, Shape, _generation, image, cut);
    }

    /// <summary>Its life ends, and another one begins under the same key, blank. A copy of the message that made the one before comes late.</summary>
    public void Reactivate()
    {
        if (_world.Trace.IsOn) _world.Trace.Write($"{Site.Key} comes to life again");
        _waiting.Clear();
        (_feeds, _life, Core) = (new(_world, this), new(_world.NewNonce()), null);
        if (_made is { } made) Silo.Later(_world.Scheduler.Milliseconds(1, 300), () => made(Site.Nonce));
    }

    /// <summary>Handles a client's or a coordinator's message.</summary>
    /// <param name="header">The message's header.</param>
    /// <param name="rests">Whether an answer that says yes rests on entries.</param>
    /// <param name="handle">What the block does.</param>
    /// <param name="answer">Takes the answer; a replica that dies gives none.</param>
    public void Serve(MessageHeader header, bool rests, Func<BlockReplica, BlockReply> handle, Action<BlockReply> answer)
    {
        if (Core is not { Role: ReplicaRole.Primary } core)
        {
            answer(Elsewhere(header.Generation));
            return;
        }
        var reply = handle(core.Replica);
        _world.Trace.Note('b', _block, (long)reply.Status, reply.Version);
        if (rests && core.RestsOn(reply) is > 0 and var entry)
            _waiting.Add(new(entry, core.Replica.Epoch, reply, answer));
        else answer(reply);
        Pump();
    }

    public static BlockReply Elsewhere(long generation) => new(BlockStatus.OtherEpoch, 0, 0, generation);

    public ReplicaAnswer Obey(Guid nonce, ReplicaCommand command)
    {
        if (!_life.IsMeant(nonce) || Core is null) return ReplicaAnswer.Lost;
        _obeyed = _world.Scheduler.Time;
        var epoch = Core.Replica.Epoch;
        var answer = Core.Obey(command);
        if (_world.Trace.IsOn) _world.Trace.Write($"{Site.Key}: {command} -> {answer}, {this}");
        if (Core.Role == ReplicaRole.Primary && Core.Replica.Epoch > epoch)
            _world.Promotions.Promoted(_generation, _block, Core.Replica.Epoch, Core.Replica.LastEntry);
        Pump();
        return answer;
    }

    /// <summary>Whether it said that a standby is lost, and has got no command since: nobody knows whether it hears anything itself.</summary>
    public bool IsDoubtful(Guid standby) => _feeds.FirstReportOf(standby) is { } at && _obeyed < at;

    /// <summary>As a standby: takes entries, if it is not empty.</summary>
    public StandbyReply Accept(Guid nonce, long generation, long epoch, IReadOnlyList<LoggedEntry> entries)
    {
        if (!_life.IsMeant(nonce) || Core is null) return new(StandbyStatus.Lost, 0, 0);
        var reply = Core.Accept(generation, epoch, entries);
        Pump();
        return reply;
    }

    /// <summary>As a new standby: takes the primary's state.</summary>
    public bool TakeState(Guid nonce, long epoch, byte[] state)
    {
        if (!_life.IsMeant(nonce)) return false;
        _made ??= n => TakeState(n, epoch, state);
        Core ??= ReplicatedBlock.FromState(_world.Spec, Shape, _generation, epoch, state);
        return true;
    }

    /// <summary>Gives out the answers that are due, and feeds the standbys.</summary>
    public void Pump()
    {
        if (Core is not { } core) return;
        var isOver = core.Role is ReplicaRole.Standby or ReplicaRole.Deposed;
        for (var i = 0; i < _waiting.Count; i++)
        {
            var waiting = _waiting[i];
            if (!isOver && waiting.Entry > core.SafeEntry) continue;
            _waiting.RemoveAt(i--);
            if (!isOver) _world.Promotions.Told(_generation, _block, waiting.Epoch, waiting.Entry);
            waiting.Answer(isOver ? Elsewhere(_generation) : waiting.Reply);
        }
        _feeds.Pump(core);
    }

    public override string ToString() => Core is null ? "empty"
        : $"{Core.Role} epoch {Core.Replica.Epoch} entry {Core.Replica.LastEntry} safe {Core.SafeEntry} "
        + string.Join(' ', Core.Standbys.Select(s => $"[{s.Site.Key} {s.Acknowledged} {(s.State is null ? "" : "state ")}{(s.IsRequired ? "required " : "")}{(s.IsLost ? "lost" : "")}]"));

    private readonly record struct Waiting(long Entry, long Epoch, BlockReply Reply, Action<BlockReply> Answer);
}
