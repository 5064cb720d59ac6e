using OrleansPs.Core.Messages;

namespace OrleansPs.Core.Tests.Consistency;

public class CertificateMembersTests
{
    public static TheoryData<CertificateMember[], MemberRun[]> Kept => new()
    {
        { [], [] },
        { [.. Enumerable.Range(0, 1_024).Select(rank => new CertificateMember(rank, 1))], [new(0, 1_024, 1)] },
        { [new(0, 1), new(1, 2), new(2, 2), new(4, 2)], [new(0, 1, 1), new(1, 2, 2), new(4, 1, 2)] },
        { [new(3, 1), new(1, 1)], [new(3, 1, 1), new(1, 1, 1)] },
    };

    [Theory]
    [MemberData(nameof(Kept))]
    public void Members_that_follow_one_another_are_one_run_and_read_as_before(CertificateMember[] members, MemberRun[] runs)
    {
        var kept = CertificateMembers.Of(members);

        Assert.Equal(runs, kept.Runs);
        Assert.Equal(members, kept);
        Assert.Equal(members.Length, kept.Count);
        Assert.Equal(members, Enumerable.Range(0, kept.Count).Select(i => kept[i]));
        Assert.Throws<ArgumentOutOfRangeException>(() => kept[kept.Count]);
        Assert.Throws<ArgumentOutOfRangeException>(() => kept[-1]);
    }

    [Fact]
    public void Runs_stand_for_their_members() =>
        Assert.Equal([new(2, 7), new(3, 7), new(9, 1)], CertificateMembers.OfRuns([new(2, 2, 7), new(9, 1, 1)])!);

    public static TheoryData<MemberRun[]> Broken => new(
        [new(0, 0, 1)], [new(0, -1, 1)], [new(-1, 1, 1)], [new(0, 2, 1), new(1, 1, 2)], [new(int.MaxValue, int.MaxValue, 1)]);

    [Theory]
    [MemberData(nameof(Broken))]
    public void Runs_that_are_empty_or_not_ascending_stand_for_nothing(MemberRun[] runs) => Assert.Null(CertificateMembers.OfRuns(runs));
}
