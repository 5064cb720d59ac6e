using System.Security.Cryptography;
using OrleansPs.Core.Tables;

namespace OrleansPs.Core.Snapshots;

/// <summary>Makes whole chunks of deltas and the chunks that they rest on.</summary>
/// <remarks>Thread safe.</remarks>
public static class WholeChunk
{
    /// <summary>The image that a delta and its base make.</summary>
    /// <param name="model">The model.</param>
    /// <param name="chunk">The delta's record.</param>
    /// <param name="content">The delta's bytes, whose hash is its record's.</param>
    /// <param name="baseContent">The bytes of its base, whose hash is its record's.</param>
    /// <exception cref="SnapshotCorruptException">One of them is damaged, or they do not fit together.</exception>
    public static BlockImage Decode(string model, ChunkRecord chunk, ReadOnlySpan<byte> content, ReadOnlySpan<byte> baseContent)
    {
        ArgumentNullException.ThrowIfNull(chunk);
        var delta = Decode(model, chunk, content);
        var from = Decode(model, chunk.Base ?? throw new ArgumentException("It has no base.", nameof(chunk)), baseContent);
        ChunkName.TryParse(model, chunk.Base.Name, out var identity);
        return delta.Rows?.BaseCut == identity.Cut && TableDelta.Apply(from, delta) is { } whole
            ? whole
            : throw new SnapshotCorruptException(chunk.Name, $"it is no delta of {chunk.Base.Name}.");
    }

    /// <summary>A whole chunk of the same name in place of a delta.</summary>
    /// <inheritdoc cref="Decode(string, ChunkRecord, ReadOnlySpan{byte}, ReadOnlySpan{byte})"/>
    public static (ChunkRecord Chunk, byte[] Content) Encode(
        string model, ChunkRecord chunk, ReadOnlySpan<byte> content, ReadOnlySpan<byte> baseContent)
    {
        var whole = Decode(model, chunk, content, baseContent);
        var bytes = new byte[BlockImageCodec.GetEncodedLength(whole)];
        ChunkName.TryParse(model, chunk.Name, out var identity);
        BlockImageCodec.Encode(whole, model, identity.Generation, identity.Cut, identity.Epoch, bytes);
        whole.ReturnArrays();
        return (new(chunk.Block, chunk.Name, bytes.Length, Convert.ToHexStringLower(SHA256.HashData(bytes))), bytes);
    }

    /// <summary>The image of a chunk that is whole itself.</summary>
    /// <param name="model">The model.</param>
    /// <param name="chunk">Its record.</param>
    /// <param name="content">Its bytes.</param>
    /// <exception cref="SnapshotCorruptException">It is damaged.</exception>
    public static BlockImage Decode(string model, ChunkRecord chunk, ReadOnlySpan<byte> content)
    {
        ArgumentNullException.ThrowIfNull(chunk);
        return ChunkName.TryParse(model, chunk.Name, out var identity)
            ? BlockImageCodec.Decode(content, chunk.Name, identity)
            : throw new SnapshotCorruptException(chunk.Name, "that is no chunk's name.");
    }
}
