using OrleansPs.Core.Consistency;
using OrleansPs.Core.Replication;

namespace OrleansPs.Simulation;

/// <summary>What a coordinator's host does for the block map: makes, tells and closes replicas by messages to their silos.</summary>
internal sealed class ReplicaWork(World world, SimCoordinator host)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private int _preparing;

    public bool IsPreparing => _preparing > 0;

    public void CarryOut(CoordinatorEffect effect)
    {
        switch (effect)
        {
            case TellReplica e: Tell(e); break;
            case PrepareReplica e: Prepare(e); break;
            case CloseReplica e: Close(e.Site); break;
            case BlocksLost: world.Operator.BlocksLost(host); break;
        }
    }

    private void Tell(TellReplica effect)
    {
        var nonce = effect.Site.Nonce;
        host.Silo.Ask(world.Cluster.Find(effect.Site.Silo), 'o',
            silo => silo.Replicas.TryGetValue(nonce, out var replica) ? replica.Obey(nonce, effect.Command) : ReplicaAnswer.Lost,
            answer => host.Do((c, now) => c.ReplicaAnswered(effect.Block, effect.Command.Stamp, answer, now)));
    }

    private void Prepare(PrepareReplica effect)
    {
        var (block, attempt, generation) = (effect.Block, effect.Attempt, host.Generation);
        var isAnswered = false;
        _preparing++;
        host.Silo.Ask(world.Cluster.Find(effect.Silo), 'n', silo =>
        {
            var replica = new SimReplica(world, silo, block, generation, world.NewNonce());
            silo.Replicas.Add(replica.Site.Nonce, replica);
            return replica.Site;
        }, site => Answer(site));
        host.Silo.Later(Patience, () => Answer(null));

        void Answer(ReplicaSite? site)
        {
            if (isAnswered && site is null) return;
            if (!isAnswered) _preparing--;
            isAnswered = true;
            host.Do((c, now) => c.ReplicaPrepared(block, attempt, site, now));
        }
    }

    private void Close(ReplicaSite site)
    {
        if (world.Trace.IsOn) world.Trace.Write($"close {site.Key}");
        host.Silo.Send(world.Cluster.Find(site.Silo), 'z', () => world.Cluster.Find(site.Silo).Replicas.Remove(site.Nonce));
    }
}
