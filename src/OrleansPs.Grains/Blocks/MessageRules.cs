using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;

namespace OrleansPs.Grains;

/// <summary>
/// What a message from outside must keep before it comes to a replica, which trusts its callers. A session has checked all this
/// already, so whoever breaks a rule is broken himself: it throws, and nothing has changed.
/// </summary>
internal static class MessageRules
{
    public static void RequirePush(ModelSpec spec, BlockShape shape, in MessageHeader header, ReadOnlySpan<SegmentSlice> slices)
    {
        Require(header.Rank >= 0 && header.Rank < spec.RankLimit, nameof(header.Rank), header.Rank, $"0 to {spec.RankLimit - 1}");
        Require(header.Sequence >= 0, nameof(header.Sequence), header.Sequence, ">= 0");
        Require(header.Step >= 0, nameof(header.Step), header.Step, ">= 0");
        RequireSlices(shape, slices);
    }

    public static void RequirePull(ModelSpec spec, BlockShape shape, in MessageHeader header, ReadOnlySpan<int> segments)
    {
        Require(header.Rank >= -1 && header.Rank < spec.RankLimit, nameof(header.Rank), header.Rank, $"-1 to {spec.RankLimit - 1}");
        var last = -1;
        foreach (var segment in segments)
        {
            Require(segment > last && segment < shape.Segments.Count, "Segment", segment, $"ascending and below {shape.Segments.Count}");
            last = segment;
        }
    }

    public static void RequireCertificate(ModelSpec spec, Certificate? certificate)
    {
        if (certificate is null) return;
        var last = -1;
        foreach (var member in certificate.Members)
        {
            Require(member.Rank > last && member.Rank < spec.RankLimit, "Rank", member.Rank, $"ascending and below {spec.RankLimit}");
            last = member.Rank;
        }
    }

    private static void RequireSlices(BlockShape shape, ReadOnlySpan<SegmentSlice> slices)
    {
        var last = -1;
        foreach (var slice in slices)
        {
            Require(slice.Segment > last && slice.Segment < shape.Segments.Count, "Segment", slice.Segment,
                $"ascending and below {shape.Segments.Count}");
            var length = shape.Segments[slice.Segment].Length;
            Require(slice.Values.Length == length, "Length", slice.Values.Length, $"{length}, the segment's");
            last = slice.Segment;
        }
    }

    private static void Require(bool holds, string field, long value, string rule)
    {
        if (!holds) throw new ArgumentException($"A message to a block has {field} {value}; it must be {rule}.");
    }
}
