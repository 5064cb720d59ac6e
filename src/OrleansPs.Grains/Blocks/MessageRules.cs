using System.Globalization;
using System.Runtime.CompilerServices;
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
        RequireSlices(spec, shape, slices);
    }

    /// <summary>A pull of rows, whose slices have keys and no memory yet.</summary>
    public static void RequirePull(ModelSpec spec, BlockShape shape, in MessageHeader header, ReadOnlySpan<SegmentSlice> keys)
    {
        RequireReader(spec, header);
        Require(shape.Table >= 0, "Block", shape.Index, "a shard of a table");
        Require(keys.Length == 1 && keys[0].Segment == 0, "Segments", keys.Length, "1 for a table");
        RequireKeys(keys[0].Keys.Span);
    }

    public static void RequirePull(ModelSpec spec, BlockShape shape, in MessageHeader header, ReadOnlySpan<int> segments)
    {
        RequireReader(spec, header);
        var last = -1;
        foreach (var segment in segments)
        {
            Require(segment > last && segment < shape.Segments.Count, "Segment", segment, $"ascending and below {shape.Segments.Count}");
            last = segment;
        }
    }

    /// <summary>A pull into memory that is there: of segments or of rows.</summary>
    public static void RequireRead(ModelSpec spec, BlockShape shape, in MessageHeader header, ReadOnlySpan<SegmentSlice> values)
    {
        RequireReader(spec, header);
        RequireSlices(spec, shape, values);
    }

    public static void RequireCertificate(ModelSpec spec, Certificate? certificate)
    {
        if (certificate is null) return;
        var last = -1;
        foreach (var run in certificate.Runs)
        {
            Require(run.First > last && run.First <= spec.RankLimit - run.Count, "Rank", run.First, $"ascending and below {spec.RankLimit}");
            last = run.First + run.Count - 1;
        }
    }

    private static void RequireReader(ModelSpec spec, in MessageHeader header) =>
        Require(header.Rank >= -1 && header.Rank < spec.RankLimit, nameof(header.Rank), header.Rank, $"-1 to {spec.RankLimit - 1}");

    private static void RequireRows(EmbeddingTable table, ReadOnlySpan<SegmentSlice> slices)
    {
        Require(slices.Length == 1 && slices[0].Segment == 0, "Segments", slices.Length, "1 for a table");
        Require(!slices[0].Code.IsPresent, "Code", slices[0].Code.Bytes.Length, "none for a table");
        var keys = slices[0].Keys.Length;
        Require(keys <= table.MaxRowsPerStep, "Keys", keys, $"at most {table.MaxRowsPerStep}, the table's MaxRowsPerStep");
        Require(slices[0].Values.Length == (long)keys * table.Width, "Length", slices[0].Values.Length, $"{keys} rows of {table.Width}");
        RequireKeys(slices[0].Keys.Span);
    }

    private static void RequireKeys(ReadOnlySpan<long> keys)
    {
        for (var i = 1; i < keys.Length; i++) Require(keys[i] > keys[i - 1], "Key", keys[i], $"above {keys[i - 1]}, the one before it");
    }

    private static void RequireSlices(ModelSpec spec, BlockShape shape, ReadOnlySpan<SegmentSlice> slices)
    {
        if (shape.Table >= 0)
        {
            RequireRows(spec.Tables[shape.Table], slices);
            return;
        }
        var last = -1;
        foreach (var slice in slices)
        {
            Require(slice.Segment > last && slice.Segment < shape.Segments.Count, "Segment", slice.Segment,
                $"ascending and below {shape.Segments.Count}");
            Require(slice.Keys.Length == 0, "Keys", slice.Keys.Length, "0 for dense parameters");
            var segment = shape.Segments[slice.Segment];
            Require(slice.Length == segment.Length, "Length", slice.Length, $"{segment.Length}, the segment's");
            Require(!slice.Code.IsPresent || slice.Code.IsCodeAt(segment.Start), "Code", slice.Code.Bytes.Length, $"bytes that are a code of segment {slice.Segment}");
            last = slice.Segment;
        }
    }

    private static void Require(bool holds, string field, long value, string rule)
    {
        if (!holds) throw Broken(field, value, rule);
    }

    private static void Require(bool holds, string field, long value, [InterpolatedStringHandlerArgument(nameof(holds))] ref RuleText rule)
    {
        if (!holds) throw Broken(field, value, rule.ToString());
    }

    private static ArgumentException Broken(string field, long value, string rule) =>
        new($"A message to a block has {field} {value}; it must be {rule}.");

    /// <summary>The words of a rule, put together only if it is broken: nearly every message keeps them all.</summary>
    [InterpolatedStringHandler]
    private ref struct RuleText
    {
        private DefaultInterpolatedStringHandler _text;

        public RuleText(int literalLength, int formattedCount, bool holds, out bool isWanted)
        {
            isWanted = !holds;
            if (isWanted) _text = new(literalLength, formattedCount, CultureInfo.InvariantCulture);
        }

        public void AppendLiteral(string text) => _text.AppendLiteral(text);

        public void AppendFormatted(long number) => _text.AppendFormatted(number);

        public override string ToString() => _text.ToStringAndClear();
    }
}
