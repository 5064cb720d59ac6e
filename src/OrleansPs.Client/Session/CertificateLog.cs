using OrleansPs.Core.Messages;

namespace OrleansPs.Client;

/// <summary>
/// The newest certificates a sender knows, in a chain without gaps, at most <see cref="Capacity"/> of them: what it gives
/// to a block that missed some.
/// </summary>
/// <remarks>Not thread safe.</remarks>
internal sealed class CertificateLog
{
    public const int Capacity = 256;
    public const int MaxBatch = 64;

    private readonly Queue<Certificate> _certificates = new();
    private Certificate? _newest;

    public Certificate? Newest => _newest;

    /// <summary>How many rounds are known to be closed.</summary>
    public long Known => _newest is null ? 0 : _newest.Round + 1;

    public void Clear()
    {
        _certificates.Clear();
        _newest = null;
    }

    /// <summary>Takes a certificate that is newer than all known ones; a gap before it drops what was known.</summary>
    public void Add(Certificate certificate)
    {
        if (_newest is not null && certificate.Round <= _newest.Round) return;
        if (_newest is not null && certificate.Round != _newest.Round + 1) _certificates.Clear();
        if (_certificates.Count == Capacity) _certificates.Dequeue();
        _certificates.Enqueue(certificate);
        _newest = certificate;
    }

    /// <summary>Those from a round on, ascending, at most <see cref="MaxBatch"/>; empty if that round is not known.</summary>
    public IReadOnlyList<Certificate> From(long round) =>
        _certificates.TryPeek(out var oldest) && oldest.Round <= round
            ? [.. _certificates.Where(c => c.Round >= round).Take(MaxBatch)]
            : [];
}
