using System.Security.Cryptography;
using System.Text;

namespace OrleansPs.Core.Snapshots;

/// <summary>
/// The bytes of a chunk: one block image with its identity, little-endian, closed by a SHA-256 over all bytes before it.
/// </summary>
/// <remarks>
/// The layout is described in <c>snapshot-format.md</c> and frozen by golden files; a change of it is a new
/// <see cref="FormatVersion"/>. Equal images give equal bytes. Thread safe.
/// </remarks>
public static class BlockImageCodec
{
    /// <summary>The version that is written, and the only one that is read.</summary>
    public const int FormatVersion = 1;

    internal const int HeaderBytes = 256;
    internal const int ModelOffset = 128;
    internal const int ModelBytes = 128;
    internal const int SegmentBytes = 24;
    internal const int DedupeBytes = 24;
    internal const int HashBytes = SHA256.HashSizeInBytes;
    private const int Alignment = 64;

    internal static ReadOnlySpan<byte> Magic => "OPSBLOCK"u8;

    /// <summary>How many bytes <see cref="Encode"/> writes.</summary>
    /// <exception cref="OverflowException">The image needs more bytes than a span can have.</exception>
    public static int GetEncodedLength(BlockImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (image.Rows is not null) return checked((int)TableImageCodec.EncodedLength(image));
        return checked((int)(ValuesOffset(image) + FloatBytes(image.Length, SlotCount(image)) + HashBytes));
    }

    /// <summary>Writes an image and its identity.</summary>
    /// <param name="image">The image.</param>
    /// <param name="model">The model's name, at most 128 ASCII characters.</param>
    /// <param name="generation">The model's generation, >= 0.</param>
    /// <param name="cut">The cut, >= 0.</param>
    /// <param name="epoch">The block's epoch, >= 0.</param>
    /// <param name="destination">Exactly <see cref="GetEncodedLength"/> bytes.</param>
    /// <exception cref="ArgumentException">An argument breaks a rule; what is in the destination then has no meaning.</exception>
    public static void Encode(
        BlockImage image, string model, long generation, long cut, long epoch, Span<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfNegative(generation);
        ArgumentOutOfRangeException.ThrowIfNegative(cut);
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        CheckImage(image);
        if (!Ascii.IsValid(model) || model.Length is 0 or > ModelBytes || model.Contains('\0', StringComparison.Ordinal))
            throw new ArgumentException($"The model's name must be 1 to {ModelBytes} ASCII characters.", nameof(model));
        if (destination.Length != GetEncodedLength(image))
            throw new ArgumentException($"It must have {GetEncodedLength(image)} bytes.", nameof(destination));

        var identity = new ChunkIdentity(model, generation, cut, image.Block, epoch);
        if (image.Rows is not null)
        {
            TableImageCodec.Encode(image, identity, destination);
            return;
        }
        var writer = new ByteWriter(destination);
        WriteHeader(ref writer, image, identity, destination.Length);
        WriteTables(ref writer, image);
        writer.Zeros((int)ValuesOffset(image) - writer.Position);
        writer.Floats(image.Values.AsSpan(0, image.Length));
        if (image.Slot0 is not null) writer.Floats(image.Slot0.AsSpan(0, image.Length));
        if (image.Slot1 is not null) writer.Floats(image.Slot1.AsSpan(0, image.Length));
        SHA256.HashData(destination[..writer.Position], destination[writer.Position..]);
    }

    /// <summary>Reads a chunk back. Everything is checked before any memory for it is taken.</summary>
    /// <param name="bytes">The chunk.</param>
    /// <param name="name">What to call it in errors.</param>
    /// <param name="expected">Which chunk it has to be; null for any.</param>
    /// <exception cref="SnapshotCorruptException">It is not exactly what <see cref="Encode"/> wrote, or another chunk.</exception>
    public static BlockImage Decode(ReadOnlySpan<byte> bytes, string name, ChunkIdentity? expected)
    {
        ArgumentNullException.ThrowIfNull(name);
        return bytes.StartsWith(TableImageCodec.Magic)
            ? new TableChunkDecoder(bytes, name).Decode(expected)
            : new ChunkDecoder(bytes, name).Decode(expected);
    }

    internal static long FloatBytes(int length, int slots) => (1L + slots) * length * sizeof(float);

    internal static long Align(long offset) => (offset + Alignment - 1) / Alignment * Alignment;

    private static int SlotCount(BlockImage image) => (image.Slot0 is null ? 0 : 1) + (image.Slot1 is null ? 0 : 1);

    private static long ValuesOffset(BlockImage image)
    {
        return Align(HeaderBytes + ((long)image.Segments.Count * SegmentBytes) + DedupeLength(image));
    }

    internal static long DedupeLength(BlockImage image)
    {
        var length = 0L;
        foreach (var dedupe in image.Dedupe) length += DedupeBytes + ((long)dedupe.Bits.Length * sizeof(ulong));
        return length;
    }

    private static void WriteHeader(ref ByteWriter writer, BlockImage image, in ChunkIdentity identity, int total)
    {
        writer.Bytes(Magic);
        writer.Int32(FormatVersion);
        writer.Int32((image.Slot0 is null ? 0 : 1) | (image.Slot1 is null ? 0 : 2));
        WriteIdentity(ref writer, image, identity, total);
        writer.Int32(image.Length);
        writer.Int32(image.Segments.Count);
        writer.Int32(image.Dedupe.Count);
        writer.Int64(ValuesOffset(image));
        EndHeader(ref writer, identity.Model);
    }

    /// <summary>What all kinds of chunks say behind their flags.</summary>
    internal static void WriteIdentity(ref ByteWriter writer, BlockImage image, in ChunkIdentity identity, int total)
    {
        writer.Int64(total);
        writer.Int64(identity.Generation);
        writer.Int64(identity.Cut);
        writer.Int64(identity.Epoch);
        writer.Int64(image.Version);
        writer.Int64(image.EntryIndex);
        writer.Int32(image.Block);
    }

    /// <summary>The reserved part of a header, and the model's name behind it.</summary>
    internal static void EndHeader(ref ByteWriter writer, string model)
    {
        writer.Zeros(ModelOffset - writer.Position);
        writer.Ascii(model);
        writer.Zeros(HeaderBytes - writer.Position);
    }

    private static void WriteTables(ref ByteWriter writer, BlockImage image)
    {
        foreach (var segment in image.Segments)
        {
            writer.Int32(segment.Parameter);
            writer.Int32(segment.Start);
            writer.Int32(segment.Offset);
            writer.Int32(segment.Length);
            writer.Int64(segment.Updates);
        }
        WriteDedupe(ref writer, image);
    }

    internal static void WriteDedupe(ref ByteWriter writer, BlockImage image)
    {
        foreach (var dedupe in image.Dedupe)
        {
            writer.Int32(dedupe.Rank);
            writer.Int32(dedupe.Bits.Length);
            writer.Int64(dedupe.Incarnation);
            writer.Int64(dedupe.Step);
            foreach (var bits in dedupe.Bits) writer.Int64((long)bits);
        }
    }

    private static void CheckImage(BlockImage image)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(image.Block);
        ArgumentOutOfRangeException.ThrowIfNegative(image.Length);
        if (image.Values.Length < image.Length || image.Slot0?.Length < image.Length || image.Slot1?.Length < image.Length)
            throw new ArgumentException($"Block {image.Block} has an array shorter than its {image.Length} floats.");
        if (image.Rows is not null && (image.Length > 0 || image.Segments.Count > 0))
            throw new ArgumentException($"Block {image.Block} has rows and values.");
        if (image.Rows is { } rows && TableImageCodec.FirstBroken(rows) is { } broken)
            throw new ArgumentException($"Block {image.Block}: {broken}");
        if (ImageRules.FirstBroken(image.Length, image.Segments, image.Dedupe) is { } rule)
            throw new ArgumentException($"Block {image.Block}: {rule}");
    }
}
