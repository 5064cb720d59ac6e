using OrleansPs.Core.Replication;
using OrleansPs.Core.Snapshots;
using OrleansPs.Protocol;

namespace OrleansPs.Grains;

/// <summary>How a replica takes its role, feeds its standbys, and is fed.</summary>
internal sealed partial class BlockGrain
{
    private static readonly TimeSpan s_pending = TimeSpan.FromMilliseconds(200);

    private readonly List<StandbyLink> _links = [];
    private TaskCompletionSource? _progress;
    private IGrainTimer? _looks;

    public async Task<ReplicaAnswer> Obey(Guid nonce, long generation, ReplicaOrder order)
    {
        if (!_life.IsMeant(nonce) || _block is not { } block || block.Replica.Generation != generation) return Stray();
        var command = order.ToCommand();
        var answer = Obey(block, command);
        if (command.Task == ReplicaTask.Lead)
            foreach (var link in _links.ToArray()) link.Asked();
        var start = time.GetTimestamp();
        while (answer == ReplicaAnswer.Pending && time.GetElapsedTime(start) < s_pending)
        {
            await Task.WhenAny((_progress ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task, Task.Delay(s_pending, time));
            if (_block != block) return ReplicaAnswer.Lost;
            answer = Obey(block, command);
        }
        return answer;
    }

    private ReplicaAnswer Obey(ReplicatedBlock block, ReplicaCommand command)
    {
        lock (_turn)
        {
            var answer = block.Obey(command);
            Settle(block);
            return answer;
        }
    }

    public Task<bool> Receive(Guid nonce, StatePiece piece)
    {
        if (!_life.IsMeant(nonce) || !_isPrepared) return Task.FromResult(false);
        // The last piece again: its answer was lost.
        if (_block is { } present) return Task.FromResult(present.Replica.Generation == piece.Generation);
        if (piece.Offset == 0) _received = new(piece.Total);
        if (_received is not { } received || !received.TryAdd(piece.Offset, piece.Total, piece.Bytes)) return Task.FromResult(false);
        if (piece.Offset + piece.Bytes.Length < piece.Total) return Task.FromResult(true);
        try
        {
            _block = ReplicatedBlock.FromState(_spec, _shape, piece.Generation, piece.Epoch, received.Bytes);
            return Task.FromResult(true);
        }
        catch (SnapshotCorruptException)
        {
            return Task.FromResult(false);
        }
        finally
        {
            _received = null;
        }
    }

    public ValueTask<AcceptReply> Accept(Guid nonce, long generation, long epoch, EntryItem[] entries, TensorPayload? gradients)
    {
        using (gradients)
        {
            if (!_life.IsMeant(nonce) || _block is not { } block)
            {
                Stray();
                return new(new AcceptReply(_life.IsMeant(nonce) && _isPrepared ? StandbyStatus.NotYet : StandbyStatus.Lost, 0, 0));
            }
            // A payload that was lost on the way is asked for again by not being taken.
            var unpacked = EntryBatch.Unpack(entries, gradients) ?? [];
            lock (_turn)
            {
                var reply = block.Accept(generation, epoch, unpacked);
                return new(new AcceptReply(reply.Status, reply.LastEntry, reply.Epoch));
            }
        }
    }

    // One that is only prepared will be told more; one that nobody prepared goes.
    private ReplicaAnswer Stray()
    {
        if (!_isPrepared && _block is null) DeactivateOnIdle();
        return ReplicaAnswer.Lost;
    }

    /// <summary>What a command or an answer of a standby changed is made true: links, and replies that may be given.</summary>
    private void Settle(ReplicatedBlock block)
    {
        lock (_turn)
        {
            foreach (var feed in block.Standbys)
                if (!_links.Exists(l => l.Feed == feed)) _links.Add(LinkTo(block, feed));
            _links.RemoveAll(l => !block.Standbys.Contains(l.Feed));
            LookNowAndThen();
            _safe.Pass(block.Role is ReplicaRole.Primary or ReplicaRole.Yielded ? block.SafeEntry : -1);
            if (block.Role is not (ReplicaRole.Primary or ReplicaRole.Yielded)) _safe.Fail();
            Feed();
        }
        var progress = _progress;
        _progress = null;
        progress?.TrySetResult();
    }

    private void LookNowAndThen()
    {
        if (_links.Count > 0 == _looks is not null) return;
        _looks?.Dispose();
        _looks = _links.Count == 0 ? null : this.RegisterGrainTimer(Look, new() { DueTime = StandbyLink.Period, Period = StandbyLink.Period, Interleave = true });
    }

    // What is left on a silo that ends could wait for its standby, and the silo for it, for as long as Orleans lets it.
    private Task Look()
    {
        if (pulse.IsEnding) Release();
        foreach (var link in _links.ToArray()) link.Look();
        return Task.CompletedTask;
    }

    // A link that finds its standby lost or deposed settles, which changes the list.
    private void Feed()
    {
        for (var i = _links.Count - 1; i >= 0 && i < _links.Count; i--) _links[i].Wake();
    }

    private StandbyLink LinkTo(ReplicatedBlock block, StandbyFeed feed) => new(
        block, feed, GrainFactory.GetGrain<IBlockControl>(feed.Site.Key), GrainFactory.GetGrain<ICoordinatorControl>(_spec.Name),
        () => Settle(block), _turn, time);
}
