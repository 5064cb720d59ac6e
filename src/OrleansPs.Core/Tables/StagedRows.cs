using OrleansPs.Core.Blocks;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Optimizers;

namespace OrleansPs.Core.Tables;

/// <summary>The contributions to the open round of a table's shard under BSP: for each rank the sums of the rows it pushed.</summary>
internal sealed class StagedRows(RowRules rules, int ranks, int window)
    : StagedContributions<StagedRows.RowContribution>(ranks, window), IStagedRound
{
    private readonly RowSums _merged = new(rules.Width);

    /// <summary>How many rows are staged, each once a rank.</summary>
    public long Rows
    {
        get
        {
            var count = 0L;
            foreach (var contribution in Contributions) count += contribution?.Sums.Count ?? 0;
            return count;
        }
    }

    /// <summary>How many of them the shard has not.</summary>
    public long CountNew(ShardRoom room, long clock)
    {
        var count = 0L;
        foreach (var contribution in Contributions)
            if (contribution is not null) count += room.CountNew(contribution.Sums.Keys, clock);
        return count;
    }

    /// <summary>
    /// The sums over the contributions that a certificate names, in rank order, reduced; then forgets all. They are valid until the next
    /// call.
    /// </summary>
    public RowSums Take(Certificate certificate, Reduction reduction)
    {
        _merged.Clear();
        foreach (var member in MembersOf(certificate)) _merged.Add(member.Sums.Keys, member.Sums.Rows);
        if (reduction == Reduction.Mean && certificate.Members.Count > 1) GradientMath.Divide(_merged.Rows, certificate.Members.Count);
        Clear();
        return _merged;
    }

    public IReadOnlyList<StagedImage> ToImages() =>
        [.. All().Select(x => new StagedImage(x.Rank, x.Contribution.Incarnation, x.Contribution.NextSequence)
        {
            Keys = x.Contribution.Sums.Keys.ToArray(), Sum = x.Contribution.Sums.Rows.ToArray(),
        })];

    public void Load(IEnumerable<StagedImage> images)
    {
        foreach (var image in images)
        {
            var contribution = Of(image.Rank);
            contribution.Begin(image.Incarnation);
            contribution.NextSequence = image.NextSequence;
            contribution.Add(image.Keys, image.Sum);
        }
    }

    public new void Release()
    {
        base.Release();
        _merged.Release();
    }

    protected override RowContribution Create() => new(rules.Width);

    protected override bool HasRoom(RowContribution? contribution, ReadOnlySpan<SegmentSlice> gradient)
    {
        long rows = contribution?.Pushed ?? 0;
        foreach (var slice in gradient) rows += slice.Keys.Length;
        return rows <= rules.MaxRowsPerStep;
    }

    /// <summary>One rank's sums.</summary>
    internal sealed class RowContribution(int width) : Contribution
    {
        public RowSums Sums { get; } = new(width);

        /// <summary>How many rows were pushed, each as often as it was.</summary>
        public int Pushed { get; private set; }

        public override void Add(ReadOnlySpan<SegmentSlice> gradient)
        {
            foreach (var slice in gradient) Add(slice.Keys.Span, slice.Values.Span);
        }

        public void Add(ReadOnlySpan<long> keys, ReadOnlySpan<float> rows)
        {
            Pushed += keys.Length;
            Sums.Add(keys, rows);
        }

        public override void Release() => Sums.Release();

        protected override void Clear()
        {
            Pushed = 0;
            Sums.Clear();
        }
    }
}
