using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;
using OrleansPs.Core.Tables;

namespace OrleansPs.Core.Blocks;

/// <summary>
/// The numbers of one block, live and frozen, and what is staged for its open round. Dense blocks and shards of tables have a body
/// each; who may change it, and when, is the same for both.
/// </summary>
internal abstract class BlockBody
{
    /// <summary>The bytes of values and optimizer state.</summary>
    public abstract long Bytes { get; }

    /// <summary>The contributions to the open round (BSP).</summary>
    public abstract IStagedRound Staged { get; }

    /// <summary>A body with a model's first values, or with those of an image, which stays its owner's.</summary>
    public static BlockBody Create(ModelSpec spec, BlockShape shape, BlockImage? image, int mostRows) =>
        shape.Table < 0 ? new DenseBody(spec, shape, image) : new TableBody(spec, shape, image, mostRows);

    /// <summary>How many rows there are, and how many there may be; of a dense block none.</summary>
    public virtual (long Rows, long Most) Room => default;

    /// <summary>Whether a push whose slices fit leaves the block within what it may hold; a dense block never changes its size.</summary>
    /// <param name="gradient">The push.</param>
    /// <param name="clock">The pusher's clock.</param>
    /// <param name="isBeforeCut">Whether the push goes to the frozen numbers too.</param>
    public virtual bool HasRoom(ReadOnlySpan<SegmentSlice> gradient, long clock, bool isBeforeCut) => true;

    /// <summary>Copies values into slices.</summary>
    public abstract void Read(ReadOnlySpan<SegmentSlice> values);

    /// <summary>How a worker's pull of each segment is answered; empty if all are as they are.</summary>
    public virtual IReadOnlyList<GradientCompressionMode> PullModes => [];

    /// <summary>Answers a worker's pull: as <see cref="Read"/>, but for what is encoded for workers. A slice with room for a code is given that, and any other what it stands for.</summary>
    public virtual void Pull(ReadOnlySpan<SegmentSlice> values) => Read(values);

    /// <summary>What does not fit about slices that are pulled into, as a sentence; null if they are pieces of this block.</summary>
    public virtual string? MisfitOfPull(ReadOnlySpan<SegmentSlice> slices) => Misfit(slices);

    /// <summary>What does not fit about slices, as a sentence; null if they are pieces of this block.</summary>
    public abstract string? Misfit(ReadOnlySpan<SegmentSlice> slices);

    /// <summary>Applies a push to the live numbers alone.</summary>
    public abstract void Update(ReadOnlySpan<SegmentSlice> gradient, in PushMoment moment);

    /// <summary>Applies a push from before the open cut to the frozen numbers, and to the live ones unless they have it.</summary>
    public abstract void UpdateBeforeCut(ReadOnlySpan<SegmentSlice> gradient, in PushMoment moment, bool live);

    /// <summary>Applies what a certificate names of the staged contributions; the rest is thrown away.</summary>
    public abstract void Close(Certificate certificate, in PushMoment moment);

    /// <summary>Keeps the present numbers, copy-on-write, in place of any that were kept.</summary>
    public abstract void Freeze();

    /// <summary>Gives the frozen numbers up; nothing if there are none.</summary>
    public abstract void Thaw();

    /// <summary>Hands the frozen numbers over; their arrays are the caller's.</summary>
    public abstract BlockImage TakeFrozen(in ImageMark mark);

    /// <summary>The live numbers as an image.</summary>
    public abstract BlockImage ToImage(in ImageMark mark);

    /// <summary>Returns all pooled memory.</summary>
    public abstract void Release();
}

/// <summary>When a push or a round is applied.</summary>
/// <param name="Clock">The pusher's clock; under BSP the round.</param>
/// <param name="LrFactor">The schedule's factor on the learning rate.</param>
/// <param name="Cut">The newest cut that the block has seen.</param>
internal readonly record struct PushMoment(long Clock, double LrFactor, long Cut);

/// <summary>What an image says beside its numbers.</summary>
/// <param name="Version">Rounds applied.</param>
/// <param name="EntryIndex">The last entry of the log that it contains.</param>
/// <param name="Dedupe">Which pushes it contains.</param>
internal readonly record struct ImageMark(long Version, long EntryIndex, IReadOnlyList<DedupeImage> Dedupe);
