using System.Globalization;
using OrleansPs.Core.Blocks;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Core.Tests.Blocks;

/// <summary>
/// Tells a block one message a line, each with the reply that is expected of it beside it. At the end of every story a standby
/// that was fed by the block's log, and a twin that never saw what the block refused, must be in the same state, bit by bit.
/// </summary>
/// <example>
/// <code>
/// push r0.1 s5 n0 cut2 +1,_   => Ok            rank 0, incarnation 1; adds 1 to segment 0, leaves segment 1 alone
/// push r0 c3 n0 [2:0.1] +1,1  => Ok            under BSP: round 3, with the certificate of round 2 that names rank 0
/// values                      => 1 0           what any reader sees
/// </code>
/// </example>
internal sealed class BlockStory
{
    private readonly BlockShape _shape;
    private readonly BlockReplica _block;
    private readonly BlockReplica _standby;
    private readonly BlockReplica _twin;
    private readonly Feed _feed;
    private readonly Dictionary<int, long> _incarnations = [];

    private BlockStory(ModelSpec spec, BlockImage? image, long cut)
    {
        _shape = Assert.Single(BlockLayout.Create(spec).Blocks);
        _standby = new(spec, _shape, generation: 0, image: image, cut: cut);
        _twin = new(spec, _shape, generation: 0, image: image, cut: cut);
        _feed = new(_standby);
        _block = new(spec, _shape, generation: 0, image: image, cut: cut, sink: _feed);
    }

    /// <summary>Two parameters in one block, whose values are their sums, so that a story can be followed in the head.</summary>
    public static ModelSpec Spec(ConsistencyPolicy policy) => new("story")
    {
        Parameters = [new("a", [3]), new("b", [5])],
        Optimizer = Optimizer.Sum(),
        Consistency = policy,
        Reduction = Reduction.Sum,
        Workers = 4,
        PushesPerStep = 4,
    };

    public static void Tell(ConsistencyPolicy policy, string script) => Tell(Spec(policy), script);

    public static void Tell(ModelSpec spec, string script, BlockImage? image = null, long cut = 0)
    {
        var story = new BlockStory(spec, image, cut);
        Assert.Equal(Script.Normalize(script), Script.Run(script, story.Do), ignoreLineEndingDifferences: true);
        story._feed.IsOn = false;
        var end = Replicas.StateOf(story._block, story._incarnations);
        Assert.Equal(end, Replicas.StateOf(story._standby, story._incarnations));
        Assert.Equal(end, Replicas.StateOf(story._twin, story._incarnations));
    }

    private string Do(string command)
    {
        var step = BlockStep.Parse(command);
        var reply = Send(_block, step, out var seen);
        var counts = reply.Status == BlockStatus.Ok;
        if (counts && step.Verb is "push" or "pushpull") _incarnations[step.Header.Rank] = step.Header.Incarnation;
        if (counts) Send(_twin, step, out _);
        else if (reply.Status != BlockStatus.Fenced) _twin.Certify(step.Header, step.Certificates);
        return reply.Status switch
        {
            BlockStatus.NeedCertificates => $"NeedCertificates({reply.From})",
            BlockStatus.StepClosed => $"StepClosed({reply.Version})",
            _ => $"{reply.Status} {seen}".TrimEnd(),
        };
    }

    private BlockReply Send(BlockReplica block, BlockStep step, out string seen)
    {
        seen = "";
        var newest = step.Certificates.Count > 0 ? step.Certificates[^1] : null;
        var values = Slices(_shape);
        BlockReply reply;
        switch (step.Verb)
        {
            case "push": return block.Push(step.Header, newest, Gradient(step.Gradient));
            case "pushpull": reply = block.PushPull(step.Header, newest, Gradient(step.Gradient), values); break;
            case "pull": reply = block.Pull(step.Header, newest, values); break;
            case "certify": return block.Certify(step.Header, step.Certificates);
            case "freeze": return block.Freeze(step.Header, step.Header.Cut, step.Certificates);
            case "policy": return block.ChangePolicy(step.Header, step.Policy!, step.Certificates);
            case "drop": return block.DropCut(step.Header, step.Header.Cut);
            case "fence": return block.Fence(step.Header, step.Header.Rank, step.Header.Incarnation);
            case "take":
                (reply, var image) = block.TakeCut(step.Header, step.Header.Cut);
                if (image is not null) seen = Show(image);
                return reply;
            default: throw new FormatException($"A block has no '{step.Verb}'.");
        }
        if (reply.Status is BlockStatus.Ok or BlockStatus.Duplicate) seen = Show(values);
        return reply;
    }

    private SegmentSlice[] Gradient(IReadOnlyList<float?> values)
    {
        var slices = Slices(_shape);
        for (var s = 0; s < values.Count; s++) slices[s].Values.Span.Fill(values[s] ?? 0);
        return [.. slices.Where(s => values[s.Segment] is not null)];
    }

    private static SegmentSlice[] Slices(BlockShape shape) =>
        [.. shape.Segments.Select((s, i) => new SegmentSlice(i, new float[s.Length]))];

    private string Show(BlockImage image)
    {
        var values = Slices(_shape);
        foreach (var slice in values)
        {
            var segment = _shape.Segments[slice.Segment];
            image.Values.AsSpan(segment.Offset, segment.Length).CopyTo(slice.Values.Span);
        }
        var taken = image.Dedupe.Select(d => $" r{d.Rank}.{d.Incarnation}:s{d.Step}:{d.Bits[0]:b}");
        return Show(values) + string.Concat(taken);
    }

    // A story changes all elements of a segment alike, so one number stands for them; two would be a fault of the block.
    private static string Show(SegmentSlice[] values) => string.Join(' ', values.Select(v =>
        string.Join('|', v.Values.ToArray().Distinct().Select(x => x.ToString(CultureInfo.InvariantCulture)))));
}
