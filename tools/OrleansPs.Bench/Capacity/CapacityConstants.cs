namespace OrleansPs.Bench;

/// <summary>
/// What things cost in processor time of both sides together, measured on two cores of an AMD EPYC without AVX-512 that copy 16 MiB at 6 GB/s: round numbers to plan
/// with. The growth curves hold them against what they measure.
/// </summary>
internal sealed record CapacityConstants
{
    /// <summary>Requests above this go alone, smaller ones to one silo share a message.</summary>
    public const int AloneBytes = 128 << 10;

    /// <summary>What shares a message, at most.</summary>
    public const int SharedBytes = 384 << 10;

    /// <summary>How many blocks share one: what a call keeps in flight.</summary>
    public const int SharedBlocks = 32;

    private const double Mebibyte = 1 << 20;

    /// <summary>A request and its answer, where others are under way.</summary>
    public double Message { get; init; } = 90;

    /// <summary>A worker's clock, where others are under way.</summary>
    public double Clock { get; init; } = 50;

    /// <summary>A block in a message that others share.</summary>
    public double Block { get; init; } = 32;

    /// <summary>The numbers of a push, by 2^20 bytes: sent, received, applied with SGD.</summary>
    public double PushMebibyte { get; init; } = 1_250;

    /// <summary>The numbers of a pull.</summary>
    public double PullMebibyte { get; init; } = 1_250;

    /// <summary>What a round adds to a push: its numbers are staged, and added up when it closes.</summary>
    public double RoundMebibyte { get; init; } = 500;

    /// <summary>A row pushed, but for its numbers: keys are sorted, sent and looked up.</summary>
    public double RowPush { get; init; } = 0.35;

    /// <summary>A row pulled, but for its numbers.</summary>
    public double RowPull { get; init; } = 0.23;

    /// <summary>A float of a row, either way.</summary>
    public double RowFloat { get; init; } = 0.005;

    /// <summary>The share of all that which falls to the silo.</summary>
    public double SiloShare { get; init; } = 0.5;

    /// <summary>The silo's share of a clock.</summary>
    public double ClockShare { get; init; } = 0.7;

    /// <summary>What a row takes beside its numbers: key, index and room to grow, as a factor on key and numbers.</summary>
    public double RowRoom { get; init; } = 1.13;

    /// <summary>Messages that a push or pull of blocks of one size takes.</summary>
    /// <param name="blocks">How many blocks there are.</param>
    /// <param name="blockBytes">What one carries.</param>
    /// <param name="silos">How many silos they are spread over.</param>
    public static double Messages(double blocks, double blockBytes, int silos)
    {
        if (blockBytes > AloneBytes) return blocks;
        var reached = Math.Min(blocks, silos);
        var each = blocks / reached;
        return reached * Math.Ceiling(Math.Max(each / SharedBlocks, each * blockBytes / SharedBytes));
    }

    /// <summary>A push of a dense model.</summary>
    public double PushMicroseconds(long floats, int blocks, double blockBytes, int silos = 1) =>
        (floats * sizeof(float) / Mebibyte * PushMebibyte) + MessageMicroseconds(blocks, blockBytes, silos);

    /// <summary>Messages and blocks, whatever they carry.</summary>
    public double MessageMicroseconds(double blocks, double blockBytes, int silos) =>
        (Messages(blocks, blockBytes, silos) * Message) + (blockBytes > AloneBytes ? 0 : blocks * Block);

    /// <summary>A step of one worker: pull, push, clock; each block alone in its message.</summary>
    public double StepMicroseconds(long floats, int messages, bool isRounds) =>
        (floats * sizeof(float) / Mebibyte * (PushMebibyte + PullMebibyte + (isRounds ? RoundMebibyte : 0))) + (2 * messages * Message) + Clock;

    public double RowPushMicroseconds(int width) => RowPush + (width * RowFloat);

    public double RowPullMicroseconds(int width) => RowPull + (width * RowFloat);

    /// <summary>Memory of a row.</summary>
    public double RowBytes(int width, int stateFloats) => RowRoom * (sizeof(long) + ((width * (1.0 + stateFloats)) * sizeof(float)));
}
