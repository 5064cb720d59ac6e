using OrleansPs.Core.Blocks;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Optimizers;
using OrleansPs.Core.Snapshots;
using OrleansPs.Hosting;
using OrleansPs.Protocol;

namespace OrleansPs.Grains;

/// <summary>How a block begins, is written, moves and ends.</summary>
internal sealed partial class BlockGrain
{
    private const int PieceBytes = 4 << 20;

    public async Task<Outcome<PreparedBlock>> Prepare(BlockPlan plan)
    {
        try
        {
            if (_replica is not null) throw new ServerUnavailableException("An activation that serves can't be prepared again.");
            var (spec, layout) = specs.Get(plan.Spec);
            (_spec, _shape) = (spec, layout.Blocks[plan.Block]);
            if (plan.Chunk is { } chunk) _image = await LoadAsync(chunk).ConfigureAwait(true);
            _isPrepared = true;
            return new(new(_nonce, silo.SiloAddress), null);
        }
        catch (ParameterServerException e)
        {
            DeactivateOnIdle();
            return new(null, Fault.Of(e));
        }
    }

    public Task<bool> Begin(Guid nonce, long generation, long epoch, long newestCut)
    {
        if (nonce != _nonce) return Task.FromResult(false);
        if (_replica is { } present) return Task.FromResult(present.Generation == generation && present.Epoch == epoch);
        if (!_isPrepared) return Task.FromResult(false);
        _replica = _received is { } received
            ? BlockReplica.FromState(_spec, _shape, generation, epoch, received.Bytes)
            : new(_spec, _shape, generation, epoch, _image, cut: newestCut);
        (_image, _received) = (null, null);
        return Task.FromResult(true);
    }

    public Task<BlockReply> CertifyAll(MessageHeader header, Certificate[] certificates) =>
        Task.FromResult(Serving is { } replica ? replica.Certify(header, certificates) : Blank(header));

    public Task<BlockReply> Freeze(MessageHeader header, long cut, Certificate[] certificates) =>
        Task.FromResult(Serving is { } replica ? replica.Freeze(header, cut, certificates) : Blank(header));

    public async Task<Outcome<WrittenCut>> WriteCut(MessageHeader header, long cut)
    {
        if (Serving is not { } replica) return new(new(Blank(header).Status, null, []), null);
        var (reply, image) = replica.TakeCut(header, cut);
        if (image is null) return new(new(reply.Status, null, []), null);
        try
        {
            var identity = new ChunkIdentity(_spec.Name, replica.Generation, cut, image.Block, replica.Epoch);
            var chunk = await storage.Snapshots.WriteBlockAsync(identity, image, CancellationToken.None).ConfigureAwait(true);
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

    public Task<BlockReply> DropCut(MessageHeader header, long cut) =>
        Task.FromResult(Serving is { } replica ? replica.DropCut(header, cut) : Blank(header));

    public async Task<Outcome<bool>> HandOver(MessageHeader header, string key, Guid nonce)
    {
        if (!IsMine(header)) return new(false, null);
        _isStopped = true;
        var state = _replica!.ToState(_spec.Name);
        var successor = GrainFactory.GetGrain<IBlockControl>(key);
        for (var offset = 0; offset < state.Length; offset += PieceBytes)
        {
            var piece = state.AsSpan(offset, Math.Min(PieceBytes, state.Length - offset)).ToArray();
            if (!await successor.Receive(nonce, offset, state.Length, piece).ConfigureAwait(true)) return new(false, null);
        }
        return new(true, null);
    }

    public Task<bool> Receive(Guid nonce, int offset, int total, byte[] piece)
    {
        if (nonce != _nonce || !_isPrepared || _replica is not null) return Task.FromResult(false);
        _received ??= new(total);
        return Task.FromResult(_received.TryAdd(offset, total, piece));
    }

    public Task<bool> Resume(MessageHeader header)
    {
        if (!IsMine(header)) return Task.FromResult(false);
        _isStopped = false;
        return Task.FromResult(true);
    }

    public Task<BlockDescription?> Describe(long generation, long epoch)
    {
        var replica = Serving;
        if (replica is null || replica.Generation != generation || replica.Epoch != epoch) return Task.FromResult<BlockDescription?>(null);
        return Task.FromResult<BlockDescription?>(new(replica.Version, replica.LastEntry, replica.StateBytes));
    }

    public Task Close()
    {
        Release();
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    private bool IsMine(in MessageHeader header) =>
        _replica is { } replica && replica.Generation == header.Generation && replica.Epoch == header.Epoch && header.Term >= replica.Term;

    private async Task<BlockImage> LoadAsync(ChunkRecord chunk)
    {
        var image = await storage.Snapshots.ReadBlockAsync(_spec.Name, chunk, CancellationToken.None).ConfigureAwait(true);
        return ImageFit.Misfit(_spec, _shape, image) is { } misfit
            ? throw new SnapshotCorruptException(chunk.Name, $"it {misfit}")
            : image;
    }
}
