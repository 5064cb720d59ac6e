using OrleansPs.Core.Blocks;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Replication;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Simulation;

/// <summary>Looks into replicas, and holds a standby against its primary.</summary>
internal static class ReplicaReader
{
    /// <summary>The values of a replica, segment by segment.</summary>
    public static float[][] Read(World world, BlockReplica replica)
    {
        var slices = world.Model.Layout.Blocks[replica.Block].Segments.Select((s, i) => new SegmentSlice(i, new float[s.Length])).ToArray();
        var header = new MessageHeader { Generation = replica.Generation, Epoch = replica.Epoch, Rank = -1, Clock = -1, Policy = replica.Policy.Number };
        var reply = replica.Pull(header, null, slices);
        if (reply.Status != BlockStatus.Ok)
            world.Violate("P7", $"Block {replica.Block} answered {reply.Status} to a reader of any version.");
        return [.. slices.Select(s => s.Values.ToArray())];
    }

    /// <summary>The rows that a shard has of some keys.</summary>
    public static float[][] ReadRows(World world, BlockReplica replica, long[] keys)
    {
        var width = world.Spec.Tables[world.Model.Layout.Blocks[replica.Block].Table].Width;
        var (values, sorted) = (new float[keys.Length * width], keys.Order().ToArray());
        var header = new MessageHeader { Generation = replica.Generation, Epoch = replica.Epoch, Rank = -1, Clock = -1, Policy = replica.Policy.Number };
        var reply = replica.Pull(header, null, [new(0, values) { Keys = sorted }]);
        if (reply.Status != BlockStatus.Ok)
            world.Violate("P7", $"Block {replica.Block} answered {reply.Status} to a reader of any version.");
        return [.. keys.Select(key => values.AsSpan(Array.IndexOf(sorted, key) * width, width).ToArray())];
    }

    /// <summary>P2 at the end of a run: primary and standby of each block, dedupe state and counts included, byte for byte.</summary>
    public static void ComparePairs(World world)
    {
        for (var b = 0; b < world.BlockCount; b++)
        {
            var sites = world.Record.Map[b];
            var primary = world.PrimaryOf(b)!.Core!;
            if (sites.Standby is null) continue;
            if (world.ReplicaAt(sites.Standby)?.Core is not { } standby)
            {
                world.Violate("P2", $"At the end block {b} has no standby, and the record names one.");
                return;
            }
            Feed(primary, standby, sites.Standby.Nonce);
            if (primary.Role != ReplicaRole.Primary || primary.SafeEntry != standby.Replica.LastEntry)
                world.Violate("P2", $"At the end block {b} has {primary.Replica.LastEntry} entries, {primary.SafeEntry} of them safe, and its standby {standby.Replica.LastEntry}.");
            else if (FirstDifference(ImageOf(world, primary), ImageOf(world, standby)) is { } at)
                world.Violate("P2", $"The states of block {b} on primary and standby differ: {at}.");
        }
    }

    private static void Feed(ReplicatedBlock primary, ReplicatedBlock standby, Guid nonce)
    {
        var entries = new List<LoggedEntry>();
        while (primary.TryRead(nonce, long.MaxValue, entries))
        {
            var before = standby.Replica.LastEntry;
            var reply = standby.Accept(primary.Replica.Generation, primary.Replica.Epoch, entries);
            primary.Acknowledged(nonce, reply);
            if (reply.LastEntry == before) return;
            entries.Clear();
        }
    }

    private static string? FirstDifference(byte[] one, byte[] other)
    {
        var same = one.AsSpan().CommonPrefixLength(other);
        return same == one.Length && same == other.Length ? null : $"at byte {same} of {one.Length} and {other.Length}";
    }

    private static byte[] ImageOf(World world, ReplicatedBlock block) => block.Replica.ToState(world.Spec.Name);
}
