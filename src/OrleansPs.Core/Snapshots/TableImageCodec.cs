using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace OrleansPs.Core.Snapshots;

/// <summary>
/// The bytes of a chunk that holds a shard of a table. Its layout is in <c>snapshot-format.md</c>; what it shares with chunks of dense
/// blocks is in <see cref="BlockImageCodec"/>, through which it is written and read.
/// </summary>
internal static class TableImageCodec
{
    public const int FormatVersion = 1;

    public static ReadOnlySpan<byte> Magic => "OPSTABLE"u8;

    public static long EncodedLength(BlockImage image)
    {
        var rows = image.Rows!;
        return RecordsOffset(image, rows) + ((long)rows.Count * rows.RecordFloats * sizeof(float)) + BlockImageCodec.HashBytes;
    }

    public static void Encode(BlockImage image, in ChunkIdentity identity, Span<byte> destination)
    {
        var rows = image.Rows!;
        var writer = new ByteWriter(destination);
        WriteHeader(ref writer, image, rows, identity, destination.Length);
        BlockImageCodec.WriteDedupe(ref writer, image);
        writer.Bytes(rows.Sketch);
        WriteKeys(ref writer, rows.Keys.AsSpan(0, rows.Count));
        WriteKeys(ref writer, rows.Remaining.AsSpan(0, rows.RemainingCount));
        writer.Zeros((int)RecordsOffset(image, rows) - writer.Position);
        writer.Floats(rows.Records.AsSpan(0, rows.Count * rows.RecordFloats));
        SHA256.HashData(destination[..writer.Position], destination[writer.Position..]);
    }

    /// <summary>The first rule that rows break, as a sentence; null if all hold.</summary>
    public static string? FirstBroken(TableImage rows)
    {
        if (rows.Count < 0 || rows.Width < 1 || rows.StateFloats < 0 || rows.Clock < 0) return "its rows have a negative number.";
        if (rows.Keys.Length < rows.Count || rows.Records.Length < (long)rows.Count * rows.RecordFloats) return "its rows lack memory.";
        for (var i = 1; i < rows.Count; i++)
            if (rows.Keys[i] <= rows.Keys[i - 1]) return $"key {rows.Keys[i]} follows key {rows.Keys[i - 1]}.";
        if (rows.Sketch is { Length: 0 }) return "its sketch is empty.";
        if (rows.Remaining is null ? rows.RemainingCount != 0 : rows.BaseCut < 0 || rows.RemainingCount < 0 || rows.Remaining.Length < rows.RemainingCount) return "only a delta says which rows remain.";
        for (var i = 1; i < rows.RemainingCount; i++)
            if (rows.Remaining![i] <= rows.Remaining[i - 1]) return $"remaining key {rows.Remaining[i]} follows {rows.Remaining[i - 1]}.";
        return null;
    }

    /// <summary>Where the records begin, behind so many keys of rows and of remaining ones.</summary>
    internal static long RecordsOffset(long dedupeBytes, int sketch, long keys) =>
        BlockImageCodec.Align(BlockImageCodec.HeaderBytes + dedupeBytes + sketch + (keys * sizeof(long)));

    private static long RecordsOffset(BlockImage image, TableImage rows) =>
        RecordsOffset(BlockImageCodec.DedupeLength(image), rows.Sketch?.Length ?? 0, (long)rows.Count + rows.RemainingCount);

    private static void WriteHeader(
        ref ByteWriter writer, BlockImage image, TableImage rows, in ChunkIdentity identity, int total)
    {
        writer.Bytes(Magic);
        writer.Int32(FormatVersion);
        writer.Int32((rows.CountsUpdates ? 1 : 0) | (rows.Ages ? 2 : 0) | (rows.Sketch is null ? 0 : 4)
            | (rows.BaseCut < 0 ? 0 : 8) | (rows.Remaining is null ? 0 : 16));
        BlockImageCodec.WriteIdentity(ref writer, image, identity, total);
        writer.Int32(rows.Width);
        writer.Int32(rows.StateFloats);
        writer.Int32(rows.Count);
        writer.Int32(image.Dedupe.Count);
        writer.Int32(rows.Sketch?.Length ?? 0);
        writer.Int64(rows.Clock);
        writer.Int64(RecordsOffset(image, rows));
        writer.Int64(Math.Max(0, rows.BaseCut));
        writer.Int32(rows.RemainingCount);
        BlockImageCodec.EndHeader(ref writer, identity.Model);
    }

    private static void WriteKeys(ref ByteWriter writer, ReadOnlySpan<long> keys)
    {
        if (BitConverter.IsLittleEndian) writer.Bytes(MemoryMarshal.AsBytes(keys));
        else foreach (var key in keys) writer.Int64(key);
    }
}
