using OrleansPs.Core.Blocks;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;

namespace OrleansPs.Client.Tests;

/// <summary>A model of one rank in this process: real blocks, a coordinator as simple as one rank allows. Answers at once.</summary>
internal sealed class InProcessTransport : IParameterTransport
{
    private readonly ModelSpec _spec;
    private readonly BlockReplica[] _blocks;
    private readonly List<Certificate> _certificates = [];
    private readonly Lock _lock = new();
    private Guid _nonce;
    private long _incarnation;
    private long _step;
    private long _cursor;

    public InProcessTransport(ModelSpec spec)
    {
        _spec = spec;
        _blocks = [.. BlockLayout.Create(spec).Blocks.Select(shape => new BlockReplica(spec, shape, generation: 0))];
    }

    /// <summary>How many certificates a join is told of.</summary>
    public int ToldCertificates { get; init; } = 1;

    /// <summary>How many clocks from now the rank is evicted; null for never.</summary>
    public int? EvictAfter { get; set; }

    private bool IsRounds => _spec.Consistency.Mode == ConsistencyMode.BulkSynchronous;

    public ValueTask<BlockReply> PushAsync(
        int block, MessageHeader header, Certificate? newest, ReadOnlyMemory<SegmentSlice> gradient,
        CancellationToken cancellationToken)
    {
        lock (_blocks[block]) return new(_blocks[block].Push(header, newest, gradient.Span));
    }

    public ValueTask<BlockReply> PullAsync(
        int block, MessageHeader header, Certificate? newest, ReadOnlyMemory<SegmentSlice> values,
        CancellationToken cancellationToken)
    {
        lock (_blocks[block]) return new(_blocks[block].Pull(header, newest, values.Span));
    }

    public ValueTask<BlockReply> PushPullAsync(
        int block, MessageHeader header, Certificate? newest, ReadOnlyMemory<SegmentSlice> gradient,
        ReadOnlyMemory<SegmentSlice> values, CancellationToken cancellationToken)
    {
        lock (_blocks[block]) return new(_blocks[block].PushPull(header, newest, gradient.Span, values.Span));
    }

    public ValueTask<BlockReply> CertifyAsync(
        int block, MessageHeader header, IReadOnlyList<Certificate> certificates, CancellationToken cancellationToken)
    {
        lock (_blocks[block]) return new(_blocks[block].Certify(header, certificates));
    }

    public ValueTask<JoinReply> JoinAsync(JoinCommand command, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_nonce != command.Nonce) (_nonce, _incarnation) = (command.Nonce, _incarnation + 1);
            return new(new JoinReply(
                CoordinatorStatus.Ok, 0, 1, _incarnation, _step, _step, _cursor, _step, 0, 0,
                [.. _certificates.TakeLast(ToldCertificates)], []));
        }
    }

    public ValueTask<ClockReply> ClockAsync(ClockCommand command, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (Refusal(command) is { } status) return new(new ClockReply { Status = status });
            if (command.Step == _step) Finish(command);
            return new(new ClockReply(CoordinatorStatus.Ok, _step, _step, 0, 1, _certificates.LastOrDefault()));
        }
    }

    public ValueTask<PresenceReply> PresenceAsync(PresenceCommand command, CancellationToken cancellationToken)
    {
        lock (_lock) return new(new PresenceReply(CoordinatorStatus.Ok, _step));
    }

    public ValueTask<IReadOnlyList<Certificate>> CertificatesAsync(long from, CancellationToken cancellationToken)
    {
        lock (_lock) return new([.. _certificates.Where(c => c.Round >= from)]);
    }

    private CoordinatorStatus? Refusal(ClockCommand command)
    {
        if (command.Incarnation < _incarnation) return CoordinatorStatus.Fenced;
        if (EvictAfter is { } left)
        {
            EvictAfter = left == 0 ? null : left - 1;
            if (left == 0) return CoordinatorStatus.Evicted;
        }
        return command.Step > _step || command.Step < _step - 1 ? CoordinatorStatus.Refused : null;
    }

    private void Finish(ClockCommand command)
    {
        if (IsRounds) _certificates.Add(new(_step, [new(0, _incarnation)]));
        _step++;
        _cursor = command.Cursor;
    }
}
