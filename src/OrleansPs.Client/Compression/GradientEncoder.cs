using OrleansPs.Core.Compression;

namespace OrleansPs.Client;

/// <summary>
/// Encodes the gradients of one session's pushes, and keeps the residuals of those with error feedback from step to step. What it makes depends on the model's
/// seed, the rank, the step, the gradients and the order of the step's pushes of a parameter, and on nothing else.
/// </summary>
/// <remarks>Thread safe: pushes that overlap are encoded one after the other.</remarks>
internal sealed class GradientEncoder(ModelSpec spec, int rank, bool carriesCodes)
{
    private readonly Lock _lock = new();
    private readonly Sender?[] _senders = new Sender?[spec.Parameters.Count];
    private int _version;

    /// <summary>The parameters with error feedback, in the order of the spec.</summary>
    public IReadOnlyList<DenseParameter> WithResidual { get; } = [.. spec.Parameters.Where(p => spec.CompressionOf(p).ErrorFeedback)];

    /// <summary>Counts the finished steps, restarts and loads: as long as it stays the same, so do the kept residuals.</summary>
    public int Version => Volatile.Read(ref _version);

    /// <summary>Encodes a push; to be given back when it has ended.</summary>
    /// <returns>Null if nothing of it is sent encoded.</returns>
    public EncodedPush? Encode(TransferPlan plan, long step)
    {
        if (plan.Compressed.Length == 0) return null;
        lock (_lock)
        {
            var push = plan.Encoded.TryPop(out var used) ? used : new(plan, carriesCodes);
            push.Begin();
            foreach (var gradient in plan.Compressed)
            {
                var sender = SenderOf(gradient.Parameter);
                var total = sender.Residual is { } residual ? residual.Add(gradient.Values.Span) : gradient.Values.Span;
                push.Encode(gradient, total, RoundingKey.Of(sender.Stream, rank, step, sender.Pushes++));
            }
            return push;
        }
    }

    /// <summary>Takes back what the next push of the plan uses.</summary>
    public void Return(TransferPlan plan, EncodedPush? push)
    {
        if (push is null) return;
        lock (_lock) plan.Encoded.Push(push);
    }

    /// <summary>The open step is finished.</summary>
    public void Finish() => EndStep(static r => r.Finish());

    /// <summary>The open step is done again.</summary>
    public void Restart() => EndStep(static r => r.Restart());

    /// <summary>All residuals are zero.</summary>
    public void Forget() => EndStep(static r => r.Replace([]));

    /// <summary>Copies a part of a kept residual.</summary>
    /// <returns>False if they are others than those of <paramref name="version"/>.</returns>
    public bool TryRead(int version, DenseParameter parameter, int start, Span<float> destination)
    {
        lock (_lock)
        {
            if (version != _version) return false;
            var kept = ResidualOf(parameter).Kept.Span;
            if (kept.IsEmpty) destination.Clear();
            else kept.Slice(start, destination.Length).CopyTo(destination);
            return true;
        }
    }

    /// <summary>Goes on with other residuals, one for each of <see cref="WithResidual"/>.</summary>
    /// <exception cref="WorkerStateException">The open step has pushed already.</exception>
    public void Replace(float[][] residuals)
    {
        lock (_lock)
        {
            if (WithResidual.Any(p => ResidualOf(p).IsOpen))
                throw new WorkerStateException("The open step has pushed already: load residuals before its first push.");
            for (var i = 0; i < residuals.Length; i++) ResidualOf(WithResidual[i]).Replace(residuals[i]);
            _version++;
        }
    }

    private void EndStep(Action<Residual> end)
    {
        lock (_lock)
        {
            foreach (var sender in _senders)
            {
                if (sender is null) continue;
                sender.Pushes = 0;
                if (sender.Residual is { } residual) end(residual);
            }
            _version++;
        }
    }

    private Residual ResidualOf(DenseParameter parameter)
    {
        for (var i = 0; i < _senders.Length; i++)
            if (ReferenceEquals(spec.Parameters[i], parameter)) return SenderOf(i).Residual!;
        throw new ArgumentException($"The spec has no parameter '{parameter.Name}'.", nameof(parameter));
    }

    private Sender SenderOf(int parameter) => _senders[parameter] ??= new(spec, spec.Parameters[parameter]);

    private sealed class Sender(ModelSpec spec, DenseParameter parameter)
    {
        public ulong Stream { get; } = RoundingKey.StreamOf(spec.Seed, parameter.Name);

        public Residual? Residual { get; } = spec.CompressionOf(parameter).ErrorFeedback ? new(parameter.Length) : null;

        /// <summary>How many the open step has made.</summary>
        public int Pushes { get; set; }
    }
}
