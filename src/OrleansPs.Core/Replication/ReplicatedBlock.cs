using OrleansPs.Core.Blocks;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Core.Replication;

/// <summary>What a replica is at present.</summary>
public enum ReplicaRole : byte
{
    /// <summary>It takes entries from the primary, and serves nobody.</summary>
    Standby,

    /// <summary>It answers, and acknowledges what its standby has.</summary>
    Primary,

    /// <summary>It was the primary and takes nothing more: another one is about to be.</summary>
    Yielded,

    /// <summary>It learnt that another one is the primary; it is of no use to anybody.</summary>
    Deposed,
}

/// <summary>
/// One replica of a block in its role. A primary logs each entry for its standbys and tells its host up to which one it may
/// acknowledge; a standby applies entries in order. Roles change by a coordinator's commands alone, in the order of their stamps.
/// </summary>
/// <remarks>
/// <para>
/// Primary and backup with a configuration that is decided elsewhere, as in Lin et al., "PacificA: Replication in Log-Based
/// Distributed Storage Systems" (2008): here the control record is the configuration manager, and the epoch its version.
/// </para>
/// <para>Not thread safe: its host calls it for one message at a time.</para>
/// </remarks>
public sealed class ReplicatedBlock : IBlockEntrySink
{
    /// <summary>While a new standby is brought up to date, at most so many times the block's bytes wait for it.</summary>
    private const int LogLimit = 16;

    private readonly string _model;
    private readonly ReplicationLog _log = new();
    private readonly List<StandbyFeed> _standbys = [];
    private Stamp _newest = new(-1, 0);

    /// <summary>Makes a replica with first values, or with those of an image. It is a standby until it is told to lead.</summary>
    /// <param name="spec">The model's spec, valid.</param>
    /// <param name="shape">The block's shape in the spec's layout.</param>
    /// <param name="generation">The model's generation.</param>
    /// <param name="image">What it holds; null for first values. The image stays the caller's.</param>
    /// <param name="cut">The newest cut number given out before.</param>
    public ReplicatedBlock(ModelSpec spec, BlockShape shape, long generation, BlockImage? image = null, long cut = 0)
    {
        ArgumentNullException.ThrowIfNull(spec);
        _model = spec.Name;
        Replica = new(spec, shape, generation, 0, image, this, cut);
    }

    private ReplicatedBlock(ModelSpec spec, BlockShape shape, long generation, long epoch, ReadOnlySpan<byte> state)
    {
        _model = spec.Name;
        Replica = BlockReplica.FromState(spec, shape, generation, epoch, state, this);
    }

    /// <summary>Makes a standby of what its primary gave it.</summary>
    /// <param name="spec">The model's spec, valid.</param>
    /// <param name="shape">The block's shape in the spec's layout.</param>
    /// <param name="generation">The model's generation.</param>
    /// <param name="epoch">The primary's epoch.</param>
    /// <param name="state">The bytes of <see cref="StandbyFeed.State"/>.</param>
    /// <exception cref="SnapshotCorruptException">The bytes are not whole, or of another block, generation or epoch.</exception>
    public static ReplicatedBlock FromState(
        ModelSpec spec, BlockShape shape, long generation, long epoch, ReadOnlySpan<byte> state)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return new(spec, shape, generation, epoch, state);
    }

    /// <summary>The block itself. Only a primary's may be given messages.</summary>
    public BlockReplica Replica { get; }

    /// <summary>What it is.</summary>
    public ReplicaRole Role { get; private set; } = ReplicaRole.Standby;

    /// <summary>The newest command that it has heard: with it a report says since when it is true.</summary>
    public Stamp Newest => _newest;

    /// <summary>Whom it feeds: at most the standby, and one that is to take its place.</summary>
    public IReadOnlyList<StandbyFeed> Standbys => _standbys;

    /// <summary>The newest entry that every required standby has: what came of it and those before may be told.</summary>
    public long SafeEntry
    {
        get
        {
            var safe = Replica.LastEntry;
            foreach (var standby in _standbys)
                if (standby.IsRequired) safe = Math.Min(safe, standby.Acknowledged);
            return safe;
        }
    }

    /// <summary>
    /// The entry that must be safe before a reply to a push or to another change is given; 0 for none. A duplicate rests on the entry of
    /// the first one, which may not be safe yet.
    /// </summary>
    public long RestsOn(in BlockReply reply) => reply.Status is BlockStatus.Ok or BlockStatus.Duplicate ? Replica.LastEntry : 0;

    /// <summary>Does what the coordinator says.</summary>
    public ReplicaAnswer Obey(ReplicaCommand command)
    {
        ArgumentNullException.ThrowIfNull(command);
        if (command.Stamp < _newest) return ReplicaAnswer.Stale;
        if (Role == ReplicaRole.Deposed || command.Epoch < Replica.Epoch) return ReplicaAnswer.Lost;
        _newest = command.Stamp;
        return command.Task switch
        {
            ReplicaTask.Lead => Lead(command),
            ReplicaTask.Follow => Follow(command),
            ReplicaTask.AddStandby => AddStandby(command),
            _ => Yield(command),
        };
    }

    /// <summary>As a standby: takes entries of the primary, in order; those it has are passed over.</summary>
    public StandbyReply Accept(long generation, long epoch, IReadOnlyList<LoggedEntry> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        var status = generation != Replica.Generation ? StandbyStatus.Lost
            : epoch < Replica.Epoch ? StandbyStatus.Deposed
            : epoch > Replica.Epoch || Role != ReplicaRole.Standby ? StandbyStatus.NotYet
            : StandbyStatus.Ok;
        for (var i = 0; status == StandbyStatus.Ok && i < entries.Count; i++)
        {
            if (entries[i].Entry.Index <= Replica.LastEntry) continue;
            if (!Replica.Accept(entries[i].Entry, entries[i].Gradient.Span)) break;
        }
        return new(status, Replica.LastEntry, Replica.Epoch);
    }

    /// <summary>As a primary: reads what a standby lacks, about so many bytes of it.</summary>
    /// <returns>False if it lacks nothing, or has no state yet.</returns>
    public bool TryRead(Guid standby, long bytes, List<LoggedEntry> into)
    {
        ArgumentNullException.ThrowIfNull(into);
        if (Find(standby) is not { State: null, IsLost: false } feed || feed.Acknowledged >= Replica.LastEntry) return false;
        if (_log.Count == 0 || feed.Acknowledged + 1 < _log.First) feed.IsLost = true;
        else _log.Read(feed.Acknowledged, bytes, into);
        return into.Count > 0;
    }

    /// <summary>As a primary: a new standby has its state, or can't have it.</summary>
    public void StateTaken(Guid standby, bool isTaken)
    {
        if (Find(standby) is not { State: not null } feed) return;
        feed.State = null;
        feed.IsLost = !isTaken;
        (feed.IsRequired, feed.RequiredFrom) = (isTaken, Replica.LastEntry);
        Trim();
    }

    /// <summary>As a primary: a standby has answered.</summary>
    public void Acknowledged(Guid standby, StandbyReply reply)
    {
        // It may come late: this replica may have yielded since, or lead again at a newer epoch.
        if (reply.Status == StandbyStatus.Deposed && reply.Epoch > Replica.Epoch && Role == ReplicaRole.Primary) Depose();
        if (Find(standby) is not { } feed) return;
        if (reply.Status == StandbyStatus.Lost) feed.IsLost = true;
        if (reply.Status == StandbyStatus.Ok) feed.Acknowledged = Math.Max(feed.Acknowledged, reply.LastEntry);
        Trim();
    }

    /// <summary>Returns all pooled memory; the replica must not be used afterwards.</summary>
    public void Release()
    {
        Depose();
        Replica.Release();
    }

    void IBlockEntrySink.OnEntry(in BlockEntry entry, ReadOnlySpan<SegmentSlice> gradient)
    {
        if (_standbys.Count == 0) return;
        _log.Append(entry, gradient);
        foreach (var feed in _standbys)
            if (!feed.IsRequired && _log.Bytes > Math.Max(LogLimit * Replica.StateBytes, 1 << 20)) feed.IsLost = true;
    }

    private ReplicaAnswer Lead(ReplicaCommand command)
    {
        Replica.RaiseEpoch(command.Epoch);
        Role = ReplicaRole.Primary;
        _standbys.RemoveAll(s => s.Site.Nonce != command.Standby?.Nonce);
        // One that the record has and this replica does not know is where this one is: both began together, or this one was the standby.
        if (command.Standby is { } site && _standbys.Count == 0) _standbys.Add(new(site, Replica.LastEntry, null));
        Trim();
        return ReplicaAnswer.Done;
    }

    // One that has taken pushes since would differ: only who yielded is where the new primary is.
    private ReplicaAnswer Follow(ReplicaCommand command)
    {
        if (Role == ReplicaRole.Primary) return ReplicaAnswer.Lost;
        Replica.RaiseEpoch(command.Epoch);
        Role = ReplicaRole.Standby;
        _standbys.Clear();
        _log.Clear();
        return ReplicaAnswer.Done;
    }

    private ReplicaAnswer AddStandby(ReplicaCommand command)
    {
        if (Role != ReplicaRole.Primary || command.Epoch != Replica.Epoch || command.Standby is not { } site) return ReplicaAnswer.Lost;
        if (Find(site.Nonce) is not { } feed)
        {
            _standbys.Add(new(site, Replica.LastEntry, Replica.ToState(_model)));
            return ReplicaAnswer.Pending;
        }
        if (feed.IsLost) return ReplicaAnswer.StandbyFailed;
        return feed.IsRequired && feed.Acknowledged >= feed.RequiredFrom ? ReplicaAnswer.Done : ReplicaAnswer.Pending;
    }

    private ReplicaAnswer Yield(ReplicaCommand command)
    {
        if (Role == ReplicaRole.Standby || command.Epoch != Replica.Epoch) return ReplicaAnswer.Lost;
        Role = ReplicaRole.Yielded;
        if (_standbys.Exists(s => s.IsLost)) return ReplicaAnswer.StandbyFailed;
        return SafeEntry == Replica.LastEntry ? ReplicaAnswer.Done : ReplicaAnswer.Pending;
    }

    private void Depose()
    {
        Role = ReplicaRole.Deposed;
        _standbys.Clear();
        _log.Clear();
    }

    private void Trim()
    {
        var needed = Replica.LastEntry;
        foreach (var feed in _standbys)
            if (!feed.IsLost) needed = Math.Min(needed, feed.Acknowledged);
        _log.TrimTo(needed);
    }

    private StandbyFeed? Find(Guid nonce) => _standbys.Find(s => s.Site.Nonce == nonce);
}
