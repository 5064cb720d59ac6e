using OrleansPs.Core.Blocks;
using OrleansPs.Core.Consistency;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Snapshots;
using OrleansPs.Core.Tables;

namespace OrleansPs.Simulation;

/// <summary>What a coordinator's host does for it at blocks and storage. Every message may be lost; a cut that gets stuck fails.</summary>
internal sealed class CutWork(World world, SimCoordinator host)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ChangePatience = TimeSpan.FromMilliseconds(300);

    private readonly DeltaBases _bases = new();

    /// <summary>What is under way of a cut.</summary>
    public Phase Stage { get; private set; }

    public void CarryOut(CoordinatorEffect effect)
    {
        Stage = effect switch
        {
            FreezeBlocks => Phase.Freezing,
            Core.Consistency.WriteChunks => Phase.WritingChunks,
            Core.Consistency.WriteManifest => Phase.WritingManifest,
            EndCut => Phase.Calm,
            _ => Stage,
        };
        switch (effect)
        {
            case CertifyBlocks e: Certify(e); break;
            case FreezeBlocks e: Freeze(e); break;
            case ChangeBlocks e: Change(e); break;
            case WriteChunks e: WriteChunks(e); break;
            case WriteManifest e: WriteManifest(e); break;
            case EndCut e: End(e); break;
        }
    }

    private void Certify(CertifyBlocks effect)
    {
        var versions = new Dictionary<int, long>();
        for (var b = 0; b < world.BlockCount; b++)
        {
            var block = b;
            Ask(block, host.Header(), (r, h) => r.Certify(h, effect.Certificates), reply =>
            {
                if (reply.Status != BlockStatus.Ok || !versions.TryAdd(block, reply.Version) || versions.Count < world.BlockCount) return;
                host.Do((c, now) => c.BlocksCertified(versions.Values.Min(), now));
            });
        }
    }

    private void Freeze(FreezeBlocks effect)
    {
        var frozen = new HashSet<int>();
        for (var b = 0; b < world.BlockCount; b++) FreezeBlock(effect, b, frozen, tries: 4);
        FailLater(effect.Cut, () => frozen.Count == world.BlockCount, "not all blocks froze in time");
    }

    private void FreezeBlock(FreezeBlocks effect, int block, HashSet<int> frozen, int tries)
    {
        var header = host.Header(effect.Round);
        Ask(block, header, (r, h) => r.Freeze(h, effect.Cut, effect.Certificates), reply =>
        {
            if (reply.Status == BlockStatus.OtherEpoch) return;
            if (reply.Status != BlockStatus.Ok) Fail(effect.Cut, $"block {block} answered {reply.Status}");
            else if (frozen.Add(block) && frozen.Count == world.BlockCount)
                host.Do((c, now) => c.BlocksFrozen(effect.Cut, now));
        });
        if (tries > 1) Later(TimeSpan.FromMilliseconds(300), () =>
        {
            if (!frozen.Contains(block)) FreezeBlock(effect, block, frozen, tries - 1);
        });
    }

    private void Change(ChangeBlocks effect)
    {
        var changed = new HashSet<int>();
        var header = host.Header(effect.From) with { Clock = effect.Clock };
        for (var b = 0; b < world.BlockCount; b++)
        {
            var block = b;
            Ask(block, header, (r, h) => r.ChangePolicy(h, effect.Policy, effect.Certificates), reply =>
            {
                if (reply.Status == BlockStatus.Ok && changed.Add(block) && changed.Count == world.BlockCount)
                    host.Do((c, now) => c.BlocksChanged(effect.Policy.Number, now));
            });
        }
        Later(ChangePatience, () =>
        {
            if (changed.Count < world.BlockCount) host.Do((c, now) => c.ChangeFailed(effect.Policy.Number, now));
        });
    }

    private void WriteChunks(WriteChunks effect)
    {
        var written = new HashSet<int>();
        // One chunk after the other is written, or all at once: while some wait, training goes on.
        var spread = world.Scheduler.Chance(0.5) ? 0 : 20 * world.Profile.Pace;
        for (var b = 0; b < world.BlockCount; b++)
        {
            var block = b;
            Later(world.Scheduler.Milliseconds(0, spread), () => TakeCut(effect.Cut, block, written));
        }
        FailLater(effect.Cut, () => written.Count == world.BlockCount, "not all chunks were written in time");
    }

    private void TakeCut(long cut, int block, HashSet<int> written)
    {
        BlockImage? image = null;
        Ask(block, host.Header(), (replica, header) =>
        {
            (var reply, var taken) = replica.TakeCut(header, cut);
            image = taken ?? image;
            return reply;
        }, reply =>
        {
            if (image is null || reply.Status != BlockStatus.Ok) Fail(cut, $"block {block} answered {reply.Status}");
            else if (written.Add(block)) WriteChunk(cut, image);
        });
    }

    private void WriteChunk(long cut, BlockImage image)
    {
        var name = ChunkName.Of(host.Generation, cut, image.Block, 0);
        var bytes = Encode(cut, image);
        var chunk = world.Storage.Describe(image.Block, name, bytes);
        if (_bases.Of(image.Block) is { } since && ChunkName.TryParse(world.Spec.Name, since.Name, out var from)
            && TableDelta.Since(image, from.Cut) is { } delta)
        {
            world.Snapshots.Expect(chunk);
            bytes = Encode(cut, delta);
            chunk = world.Storage.Describe(image.Block, name, bytes) with { Base = since };
        }
        world.Storage.WriteChunk(chunk.Name, bytes, done => host.Run(() =>
        {
            if (done) host.Do((c, _) => c.ChunkWritten(cut, chunk, image.Dedupe));
            else Fail(cut, "the storage failed");
        }));
    }

    private byte[] Encode(long cut, BlockImage image)
    {
        var bytes = new byte[BlockImageCodec.GetEncodedLength(image)];
        BlockImageCodec.Encode(image, world.Spec.Name, host.Generation, cut, 0, bytes);
        return bytes;
    }

    private void WriteManifest(WriteManifest effect)
    {
        var manifest = new SnapshotManifest
        {
            Model = world.Spec.Name,
            Cut = effect.Cut,
            Generation = host.Generation,
            Round = effect.Round,
            TakenAt = DateTimeOffset.UnixEpoch + world.Scheduler.Time,
            Spec = world.Spec,
            Policy = effect.Policy.Number == 0 ? null : effect.Policy,
            Ranks = effect.Ranks,
            Chunks = effect.Chunks,
            Open = effect.Open,
        };
        world.Storage.WriteManifest(effect.Cut, manifest.Generation, ManifestCodec.Encode(manifest), done => host.Run(() =>
        {
            if (!done)
            {
                Fail(effect.Cut, "the storage failed");
                return;
            }
            _bases.Add(manifest);
            host.Do((c, now) => c.ManifestWritten(effect.Cut, now));
        }));
    }

    private void End(EndCut effect)
    {
        for (var b = 0; b < world.BlockCount; b++) Ask(b, host.Header(), (r, h) => r.DropCut(h, effect.Cut), _ => { });
        if (!effect.Completed) return;
        world.SnapshotsDone++;
        world.Storage.PassCut(effect.Cut);
        world.Snapshots.Retain();
    }

    private void Ask(int block, MessageHeader header, Func<BlockReplica, MessageHeader, BlockReply> ask, Action<BlockReply> answered)
    {
        var sites = host.Map[block];
        var primary = world.Cluster.Find(sites.Primary.Silo);
        header = header with { Epoch = sites.Epoch };
        host.Silo.Send(primary, 'd', () =>
        {
            if (primary.Replicas.TryGetValue(sites.Primary.Nonce, out var replica)) replica.Serve(header, true, r => ask(r, header), Answer);
            else Answer(SimReplica.Elsewhere(header.Generation));
        });

        void Answer(BlockReply reply) => primary.Send(host.Silo, 'D', () => host.Run(() => answered(reply)), isReply: true);
    }

    private void FailLater(long cut, Func<bool> isDone, string reason) => Later(Patience, () =>
    {
        if (!isDone()) Fail(cut, reason);
    });

    private void Later(TimeSpan time, Action action) => host.Later(time, action);

    private void Fail(long cut, string reason) => host.Do((c, now) => c.CutFailed(cut, reason, now));
}
