using System.Collections;

namespace OrleansPs.Core.Messages;

/// <summary>Members of a certificate whose ranks follow one another and are of one incarnation.</summary>
/// <param name="First">The first rank.</param>
/// <param name="Count">How many ranks there are.</param>
/// <param name="Incarnation">Of which incarnation all of them are.</param>
public readonly record struct MemberRun(int First, int Count, long Incarnation);

/// <summary>
/// The members of a certificate, kept as runs: where nobody was replaced all of them are one, so that a certificate is as short for a thousand workers as for
/// one. Every worker is answered with it and sends it on to every block.
/// </summary>
public sealed class CertificateMembers : IReadOnlyList<CertificateMember>
{
    private readonly MemberRun[] _runs;

    private CertificateMembers(MemberRun[] runs) => (_runs, Count) = (runs, runs.Sum(run => run.Count));

    /// <inheritdoc/>
    public int Count { get; }

    /// <summary>The runs, in the members' order.</summary>
    public ReadOnlySpan<MemberRun> Runs => _runs;

    /// <inheritdoc/>
    public CertificateMember this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            foreach (var run in _runs)
            {
                if (index < run.Count) return new(run.First + index, run.Incarnation);
                index -= run.Count;
            }
            throw new ArgumentOutOfRangeException(nameof(index));
        }
    }

    /// <summary>Keeps members as runs.</summary>
    public static CertificateMembers Of(IEnumerable<CertificateMember> members)
    {
        ArgumentNullException.ThrowIfNull(members);
        if (members is CertificateMembers kept) return kept;
        var runs = new List<MemberRun>();
        foreach (var member in members)
        {
            if (runs.Count > 0 && runs[^1] is var run && member.Rank == run.First + run.Count && member.Incarnation == run.Incarnation)
                runs[^1] = run with { Count = run.Count + 1 };
            else
                runs.Add(new(member.Rank, 1, member.Incarnation));
        }
        return new([.. runs]);
    }

    /// <summary>The members that runs stand for; null if they stand for none: a run is empty, or does not come after the one before.</summary>
    public static CertificateMembers? OfRuns(ReadOnlySpan<MemberRun> runs)
    {
        var next = 0L;
        foreach (var run in runs)
        {
            if (run.Count < 1 || run.First < next) return null;
            next = (long)run.First + run.Count;
        }
        return next > int.MaxValue ? null : new(runs.ToArray());
    }

    /// <inheritdoc/>
    public IEnumerator<CertificateMember> GetEnumerator()
    {
        foreach (var run in _runs)
            for (var i = 0; i < run.Count; i++) yield return new(run.First + i, run.Incarnation);
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
