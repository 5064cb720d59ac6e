using System.Text.Json;
using OrleansPs.Hosting;

namespace OrleansPs.Grains;

/// <summary>
/// What is kept of a model's snapshots beside them, since a grain storage can't list: the numbers that only rise, which cuts
/// have a manifest, and which were begun and may have left chunks. A cut that is not in it is no snapshot.
/// </summary>
internal sealed record SnapshotIndex
{
    public long Generation { get; init; }

    public long Term { get; init; }

    public long NextCut { get; init; } = 1;

    /// <summary>The cuts that have a manifest, ascending.</summary>
    public IReadOnlyList<long> Cuts { get; init; } = [];

    /// <summary>Whose chunks may be there: the cuts of <see cref="Cuts"/>, and what was begun since the last clean-up.</summary>
    public IReadOnlyList<BegunCut> Begun { get; init; } = [];

    public ModelPointer Pointer => new(Generation, Term, NextCut);

    public static SnapshotIndex Read(byte[]? content, string name)
    {
        if (content is null) return new();
        try
        {
            var index = JsonSerializer.Deserialize(content, IndexJson.Default.SnapshotIndex);
            return index is { Cuts: not null, Begun: not null } && index.Begun.All(b => b is { Epochs: not null })
                ? index
                : throw new JsonException("it is null, or something in it is.");
        }
        catch (JsonException e)
        {
            throw new SnapshotCorruptException(name, e.Message);
        }
    }

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, IndexJson.Default.SnapshotIndex);
}

/// <summary>A cut whose chunks may be there.</summary>
/// <param name="Cut">Its number.</param>
/// <param name="Generation">The generation it was begun in.</param>
/// <param name="Epochs">For each block the epoch that it was written under.</param>
internal sealed record BegunCut(long Cut, long Generation, IReadOnlyList<long> Epochs)
{
    public bool HasSamePartsAs(BegunCut other) =>
        (Cut, Generation) == (other.Cut, other.Generation) && Epochs.SequenceEqual(other.Epochs);
}
