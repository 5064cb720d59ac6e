using OrleansPs.Core.Messages;

namespace OrleansPs.Client;

/// <summary>What a reader has learned: the model's generation, and its newest certificates.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class ReaderState(ModelSpec spec)
{
    private readonly Lock _lock = new();
    private readonly CertificateLog _certificates = new();
    private long _generation;
    private long _policy;
    private bool _isRounds = TrainingPolicy.Of(spec).IsRounds;

    public ReaderView View
    {
        get { lock (_lock) return new(_generation, _policy, _isRounds, _certificates.Known, _certificates.Newest); }
    }

    /// <summary>Takes note of the generation that a block is of. A lower one is a late answer: generations only rise.</summary>
    /// <param name="view">What the block was asked with.</param>
    /// <param name="generation">What it answered.</param>
    /// <returns>Whether it is worth while to begin again.</returns>
    public bool Enter(ReaderView view, long generation)
    {
        lock (_lock)
        {
            if (generation > _generation)
            {
                _generation = generation;
                (_policy, _isRounds) = (0, TrainingPolicy.Of(spec).IsRounds);
                // Certificates of another generation close no round of this one.
                _certificates.Clear();
            }
            return _generation != view.Generation;
        }
    }

    /// <summary>Takes note of the policy that a block works by. A lower number is a late answer.</summary>
    /// <param name="view">What the block was asked with.</param>
    /// <param name="policy">Its number.</param>
    /// <param name="isRounds">Whether it has rounds.</param>
    /// <returns>Whether it is worth while to begin again.</returns>
    public bool EnterPolicy(ReaderView view, long policy, bool isRounds)
    {
        lock (_lock)
        {
            if (view.Generation == _generation && policy > _policy)
            {
                (_policy, _isRounds) = (policy, isRounds);
                _certificates.Clear();
            }
            return _policy != view.Policy || _generation != view.Generation;
        }
    }

    public IReadOnlyList<Certificate> CertificatesFrom(ReaderView view, long round)
    {
        lock (_lock) return view.Generation == _generation && view.Policy == _policy ? _certificates.From(round) : [];
    }

    public void Learn(ReaderView view, IReadOnlyList<Certificate> certificates)
    {
        lock (_lock)
        {
            if (view.Generation != _generation || view.Policy != _policy) return;
            foreach (var certificate in certificates) _certificates.Add(certificate);
        }
    }
}
