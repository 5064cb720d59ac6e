using OrleansPs.Core.Blocks;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Optimizers;
using OrleansPs.Core.Replication;
using OrleansPs.Core.Snapshots;
using OrleansPs.Hosting;
using OrleansPs.Protocol;

namespace OrleansPs.Grains;

/// <summary>How a block begins, is written and ends.</summary>
internal sealed partial class BlockGrain
{
    private OrphanWatch? _orphan;

    public async Task<Outcome<PreparedBlock>> Prepare(BlockPlan plan)
    {
        try
        {
            // A copy of the message that comes late changes nothing.
            if (_block is not null || _isPrepared) return new(new(_life.Nonce, silo.SiloAddress), null);
            var (spec, layout) = specs.Get(plan.Spec);
            (_spec, _shape) = (spec, layout.Blocks[plan.Block]);
            var image = plan.Chunk is { } chunk ? await LoadAsync(chunk).ConfigureAwait(true) : null;
            if (_block is null && !_isPrepared) (_image, _isPrepared) = (image, true);
            return new(new(_life.Nonce, silo.SiloAddress), null);
        }
        catch (ParameterServerException e)
        {
            if (_block is null && !_isPrepared) DeactivateOnIdle();
            return new(null, Fault.Of(e));
        }
    }

    public Task<bool> Begin(Guid nonce, long generation, long newestCut, ReplicaOrder? lead)
    {
        if (!_life.IsMeant(nonce)) return Task.FromResult(false);
        if (_block is { } present) return Task.FromResult(present.Replica.Generation == generation);
        if (!_isPrepared) return Task.FromResult(false);
        lock (_turn)
        {
            _block = new(_spec, _shape, generation, _image, newestCut);
            _image = null;
            if (lead is null) return Task.FromResult(true);
            var isLeading = _block.Obey(lead.ToCommand()) == ReplicaAnswer.Done;
            Settle(_block);
            return Task.FromResult(isLeading);
        }
    }

    public Task<BlockReply> CertifyAll(MessageHeader header, Certificate[] certificates) => Certify(header, certificates).AsTask();

    public Task<BlockReply> Freeze(MessageHeader header, long cut, Certificate[] certificates) =>
        Command(header, replica => replica.Freeze(header, cut, certificates));

    public Task<BlockReply> ChangePolicy(MessageHeader header, TrainingPolicy policy, Certificate[] certificates) =>
        Command(header, replica => replica.ChangePolicy(header, policy, certificates));

    public async Task<Outcome<WrittenCut>> WriteCut(MessageHeader header, long cut, ChunkRecord? since)
    {
        if (Serving is not { } replica) return new(new(Blank(header).Status, null, []), null);
        var (reply, image) = TakeCut(replica, header, cut);
        if (image is null) return new(new(reply.Status, null, []), null);
        try
        {
            var identity = new ChunkIdentity(_spec.Name, replica.Generation, cut, image.Block, replica.Epoch);
            reply = await WhenSafe(header, reply);
            if (reply.Status != BlockStatus.Ok) return new(new(reply.Status, null, []), null);
            var chunk = await storage.Snapshots.WriteBlockAsync(identity, image, since, CancellationToken.None).ConfigureAwait(true);
            return new(new(reply.Status, chunk, [.. image.Dedupe]), null);
        }
        catch (ParameterServerException e)
        {
            return new(null, Fault.Of(e));
        }
        finally
        {
            image.ReturnArrays();
        }
    }

    public Task<BlockReply> DropCut(MessageHeader header, long cut) => Command(header, replica => replica.DropCut(header, cut));

    public Task<BlockDescription?> Describe(long generation, long epoch)
    {
        lock (_turn)
        {
            var replica = Serving;
            if (replica is null || replica.Generation != generation || replica.Epoch != epoch) return Task.FromResult<BlockDescription?>(null);
            return Task.FromResult<BlockDescription?>(new(replica.Version, replica.LastEntry, replica.StateBytes));
        }
    }

    public Task Close()
    {
        Release();
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    private Task<BlockReply> Command(MessageHeader header, Func<BlockReplica, BlockReply> command)
    {
        lock (_turn) return Serving is { } replica ? WhenSafe(header, command(replica)).AsTask() : Task.FromResult(Blank(header));
    }

    private (BlockReply Reply, BlockImage? Image) TakeCut(BlockReplica replica, in MessageHeader header, long cut)
    {
        lock (_turn) return replica.TakeCut(header, cut);
    }

    private async Task LookForOwnerAsync()
    {
        if (_spec is null) return;
        _orphan ??= new(GrainFactory.GetGrain<ICoordinatorControl>(_spec.Name));
        // One that never began is of no generation yet, or its maker is gone.
        if (await _orphan.IsOrphanAsync(_block?.Replica.Generation ?? 0, _shape.Index, _life.Nonce)) await Close();
    }

    private async Task<BlockImage> LoadAsync(ChunkRecord chunk)
    {
        var image = await storage.Snapshots.ReadBlockAsync(_spec.Name, chunk, CancellationToken.None).ConfigureAwait(true);
        return ImageFit.Misfit(_spec, _shape, image) is { } misfit
            ? throw new SnapshotCorruptException(chunk.Name, $"it {misfit}")
            : image;
    }
}
