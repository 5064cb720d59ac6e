namespace OrleansPs.Core.Messages;

/// <summary>What every push and pull says of itself.</summary>
/// <param name="Generation">The model's generation; another one is refused.</param>
/// <param name="Term">The newest coordinator term the sender knows.</param>
/// <param name="Epoch">The sender's epoch of the block; a replica answers only at exactly its own.</param>
/// <param name="Rank">The worker's rank; -1 for a reader.</param>
/// <param name="Incarnation">The worker's incarnation; it only fences.</param>
/// <param name="Step">The step a push belongs to: with rank and <paramref name="Sequence"/> the push's identity.</param>
/// <param name="Clock">The sender's clock; under BSP the round of a push and the version of a pull.</param>
/// <param name="Sequence">Which push of this rank and step to this block it is, from 0 (the n of an identity).</param>
/// <param name="Cut">The newest cut the sender adopted.</param>
/// <param name="Certificate">How many rounds the sender knows to be closed: the newest certificate's round + 1.</param>
public readonly record struct MessageHeader(
    long Generation, long Term, long Epoch, int Rank, long Incarnation, long Step, long Clock, int Sequence, long Cut,
    long Certificate)
{
    /// <summary>The number of the policy that the sender works by; another one is refused.</summary>
    public long Policy { get; init; }
}

/// <summary>The decision which ranks' contributions make up a round of BSP. Certificates form a chain by round.</summary>
/// <param name="Round">The round it closes.</param>
/// <param name="Members">The ranks whose contributions count, ascending by rank.</param>
public sealed record Certificate(long Round, IReadOnlyList<CertificateMember> Members)
{
    /// <summary>The ranks whose contributions count, ascending by rank.</summary>
    public IReadOnlyList<CertificateMember> Members { get; init => field = CertificateMembers.Of(value); } = CertificateMembers.Of(Members);

    /// <summary>The same as runs.</summary>
    public ReadOnlySpan<MemberRun> Runs => ((CertificateMembers)Members).Runs;

    /// <summary>Whether two certificates decide the same.</summary>
    public bool Equals(Certificate? other) =>
        other is not null && Round == other.Round && Runs.SequenceEqual(other.Runs);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Round, Members.Count);
}

/// <summary>One contribution of a round.</summary>
/// <param name="Rank">Whose.</param>
/// <param name="Incarnation">Of which incarnation.</param>
public readonly record struct CertificateMember(int Rank, long Incarnation);
