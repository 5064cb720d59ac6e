using OrleansPs.Core.Messages;
using OrleansPs.Core.Replication;

namespace OrleansPs.Simulation;

/// <summary>
/// Brings a primary's standbys their states and entries: to each one message at a time, sent again until it is answered. One that
/// does not get on for too long is reported to the coordinator.
/// </summary>
internal sealed class ReplicaFeeds(World world, SimReplica replica)
{
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(150);
    private readonly Dictionary<Guid, Link> _links = [];

    /// <summary>When this replica first said that a standby is lost; null if it has not.</summary>
    public TimeSpan? FirstReportOf(Guid standby) => _links.GetValueOrDefault(standby)?.Reported;

    public void Pump(ReplicatedBlock core)
    {
        foreach (var feed in core.Standbys.ToArray())
        {
            if (!_links.TryGetValue(feed.Site.Nonce, out var link)) _links.Add(feed.Site.Nonce, link = new(feed.Site));
            if (!link.IsBusy) Send(core, feed, link);
        }
    }

    private void Send(ReplicatedBlock core, StandbyFeed feed, Link link)
    {
        if (feed.IsLost)
        {
            ReportLost(link);
            return;
        }
        if (feed.State is { } state) SendState(core, link, state.ToArray());
        else SendEntries(core, link);
    }

    private void SendState(ReplicatedBlock core, Link link, byte[] state)
    {
        var epoch = core.Replica.Epoch;
        var number = Begin(link);
        var to = world.Cluster.Find(link.Site.Silo);
        replica.Silo.Ask(to, 's', s => s.Replicas.TryGetValue(link.Site.Nonce, out var standby) && standby.TakeState(link.Site.Nonce, epoch, state), taken =>
        {
            core.StateTaken(link.Site.Nonce, taken);
            End(link, number, isOn: true);
        });
    }

    private void SendEntries(ReplicatedBlock core, Link link)
    {
        var entries = new List<LoggedEntry>();
        if (!core.TryRead(link.Site.Nonce, world.Scheduler.Random.Next(1, 20_000), entries))
        {
            link.Since = world.Scheduler.Time;
            return;
        }
        var copies = entries.ConvertAll(e => LoggedEntry.CopyOf(e.Entry, e.Gradient.Span));
        var number = Begin(link);
        var isOutOfTurn = entries.Count > 1 && world.Scheduler.Chance(0.2);
        if (isOutOfTurn) Send([copies[^1]]);
        Send(copies);

        void Send(List<LoggedEntry> some)
        {
            var (generation, epoch) = (core.Replica.Generation, core.Replica.Epoch);
            var to = world.Cluster.Find(link.Site.Silo);
            replica.Silo.Ask(to, 'f', s => s.Replicas.TryGetValue(link.Site.Nonce, out var standby)
                ? standby.Accept(link.Site.Nonce, generation, epoch, some)
                : new(StandbyStatus.Lost, 0, 0), reply =>
            {
                core.Acknowledged(link.Site.Nonce, reply);
                if (reply.Status == StandbyStatus.NotYet) return;
                End(link, number, isOn: reply.Status == StandbyStatus.Ok);
            });
        }
    }

    private long Begin(Link link)
    {
        link.IsBusy = true;
        var number = ++link.Number;
        replica.Silo.Later(Retry, () =>
        {
            if (link.Number != number || !link.IsBusy) return;
            link.IsBusy = false;
            if (world.Scheduler.Time - link.Since > ReplicationLimits.StandbyPatience) ReportLost(link);
            replica.Pump();
        });
        return number;
    }

    private void End(Link link, long number, bool isOn)
    {
        if (isOn) link.Since = world.Scheduler.Time;
        if (link.Number == number) link.IsBusy = false;
        replica.Pump();
    }

    private void ReportLost(Link link)
    {
        if (world.Scheduler.Time < link.ReportedUntil || world.Coordinator is not { } coordinator) return;
        if (replica.Core is not { Role: ReplicaRole.Primary or ReplicaRole.Yielded } core) return;
        link.Reported ??= world.Scheduler.Time;
        link.ReportedUntil = world.Scheduler.Time + TimeSpan.FromMilliseconds(300);
        var (block, nonce, heard) = (replica.Block, link.Site.Nonce, core.Newest);
        replica.Silo.Send(coordinator.Silo, 'l', () => coordinator.Do((c, now) => c.StandbyLost(block, nonce, heard, now)));
        // Asked for again, should this be lost.
        replica.Silo.Later(TimeSpan.FromMilliseconds(320), replica.Pump);
    }

    private sealed class Link(ReplicaSite site)
    {
        public ReplicaSite Site { get; } = site;

        public bool IsBusy { get; set; }

        public long Number { get; set; }

        /// <summary>Since when the standby has not got on.</summary>
        public TimeSpan Since { get; set; }

        /// <summary>When it was first said that it is lost.</summary>
        public TimeSpan? Reported { get; set; }

        public TimeSpan ReportedUntil { get; set; }
    }
}
