namespace OrleansPs;

/// <summary>
/// An embedding table: rows of float32 of one width under int64 keys. There are as many rows as keys that were pushed; before its first
/// push a row has values that depend on the model's seed, the table's name and the key alone, and takes no memory.
/// </summary>
/// <param name="Name">Its name, 1 to 256 characters, not that of another table or parameter.</param>
/// <param name="Width">Floats in a row, 1 to 65,536.</param>
/// <param name="Initializer">The first values of a row, as of a parameter of shape [Width]; null for zeros.</param>
/// <remarks>
/// Keys are spread over <see cref="Shards"/> by a hash. Optimizers are lazy: a push changes the rows it names and no other, and each row
/// counts its own updates. Any 64-bit number is a key.
/// </remarks>
public sealed record EmbeddingTable(string Name, int Width, Initializer? Initializer = null)
{
    /// <summary>How its rows change; null for the model's optimizer.</summary>
    public Optimizer? Optimizer { get; init; }

    /// <summary>The parameter group it belongs to, or null.</summary>
    public string? Group { get; init; }

    /// <summary>How many blocks its rows are hashed into, 1 to 4,096. More than silos, so that they spread evenly.</summary>
    public int Shards { get; init; } = 8;

    /// <summary>
    /// How many rows one worker may push in one step, each counted as often as it is in a push, 1 to 16,777,216. Under BSP that many rows
    /// of each worker are held until the round closes, and count towards <see cref="ModelSpec.StagingBytes"/>.
    /// </summary>
    public int MaxRowsPerStep { get; init; } = 65_536;

    /// <summary>When a key gets a row, and when it loses it; null for at once, and never.</summary>
    public RowLifetime? Lifetime { get; init; }
}

/// <summary>
/// Which keys of an <see cref="EmbeddingTable"/> have a row: those that were pushed often enough, not too long ago, or most recently.
/// A key without a row has its first values again.
/// </summary>
/// <remarks>
/// A pull never gives a key a row or prolongs its life; a push does. All of it is part of the block's state: exact across snapshots,
/// moves and failovers.
/// </remarks>
public sealed record RowLifetime
{
    /// <summary>
    /// A key gets a row with its <c>AdmitAfter</c>-th push, 1 to 255; what was pushed to it before is dropped. Under BSP a round is one
    /// push, however many workers push the key in it. Counted in a count-min sketch (Cormode and Muthukrishnan 2005), which may count too
    /// much, never too little.
    /// </summary>
    public int AdmitAfter { get; init; } = 1;

    /// <summary>
    /// The bytes of a table's sketch, one a counter, 4,096 to 2^30, spread over the shards; of use if <see cref="AdmitAfter"/> > 1. When
    /// half of a shard's counters are in use, all of them are halved (Einziger, Friedman and Manes 2017): old touches fade.
    /// </summary>
    public int SketchBytes { get; init; } = 1 << 20;

    /// <summary>After how many clocks without a push a row ends, >= 1; 0 for never. Clocks are those of the fastest worker, as far as pushes told the
    /// row's shard of them; under BSP rounds.</summary>
    public long TimeToLive { get; init; }

    /// <summary>
    /// How many rows the table may have, at least 64 a shard; 0 for any number. A shard that exceeds its share loses those that were
    /// pushed least recently, by clock and then by key, until an eighth of its share is free.
    /// </summary>
    public long Capacity { get; init; }
}
