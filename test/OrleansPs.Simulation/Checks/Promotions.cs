using OrleansPs.Core.Consistency;
using OrleansPs.Core.Replication;

namespace OrleansPs.Simulation;

/// <summary>P2: whatever a primary says yes to is in the replica that leads after it.</summary>
internal sealed class Promotions(World world)
{
    private readonly Dictionary<(long Generation, int Block), Line> _lines = [];

    /// <summary>How many there were.</summary>
    public int Count { get; private set; }

    /// <summary>A primary said yes to what rests on its entries up to one.</summary>
    public void Told(long generation, int block, long epoch, long entry)
    {
        var line = LineOf(generation, block);
        if (epoch < line.Epoch && entry > line.First)
            world.Violate("P2", $"Block {block} answers from epoch {epoch} for entry {entry}; epoch {line.Epoch} began behind entry {line.First}.");
        line.Told = Math.Max(line.Told, entry);
    }

    /// <summary>A replica leads under a new epoch.</summary>
    public void Promoted(long generation, int block, long epoch, long entry)
    {
        var line = LineOf(generation, block);
        if (epoch <= line.Epoch) return;
        if (entry < line.Told)
            world.Violate("P2", $"Block {block} is led by a replica with {entry} entries at epoch {epoch}; what rests on entry {line.Told} was acknowledged.");
        Count++;
        (line.Epoch, line.First) = (epoch, entry);
    }

    /// <summary>A standby that is there is let go on the word of a primary that is there: one that hears nothing thinks so too.</summary>
    public void CheckDropped(IReadOnlyList<BlockSites> map, ControlEntry entry)
    {
        if (entry is not MapChanged { Sites.Standby: null } e || map[e.Block] is not { Standby: { } standby } before) return;
        if (before.Primary != e.Sites.Primary || world.ReplicaAt(standby) is null) return;
        // One on a silo that drains goes where there is no other silo for it.
        if (world.Cluster.Find(standby.Silo) is not { IsUp: true, IsDraining: false }) return;
        if (world.ReplicaAt(before.Primary)?.IsDoubtful(standby.Nonce) == true)
            world.Violate("P2", $"Block {e.Block} is left to {before.Primary.Key} alone, which nobody has heard since it lost touch with its standby.");
    }

    private Line LineOf(long generation, int block)
    {
        if (!_lines.TryGetValue((generation, block), out var line)) _lines.Add((generation, block), line = new());
        return line;
    }

    private sealed class Line
    {
        public long Epoch { get; set; }

        public long First { get; set; }

        public long Told { get; set; }
    }
}
