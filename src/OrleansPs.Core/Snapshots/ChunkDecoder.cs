using System.Globalization;

namespace OrleansPs.Core.Snapshots;

/// <summary>
/// Reads one chunk of a dense block. Every length is held against the bytes that are there before memory is taken, the
/// checksum notwithstanding, for a checksum only says that the writer wrote it.
/// </summary>
internal ref struct ChunkDecoder(ReadOnlySpan<byte> bytes, string name)
{
    private ChunkReader _chunk = new(bytes, name);

    public BlockImage Decode(ChunkIdentity? expected)
    {
        _chunk.CheckEnvelope(BlockImageCodec.Magic, BlockImageCodec.FormatVersion);
        var header = ReadHeader();
        CheckSizes(header);
        _chunk.CheckIdentity(header.Identity, expected);
        var segments = ReadSegments(header.Segments);
        var dedupe = _chunk.ReadDedupe(header.Dedupe, header.ValuesOffset);
        _chunk.CheckPadding(header.ValuesOffset);
        if (ImageRules.FirstBroken(header.Length, segments, dedupe) is { } rule) throw _chunk.Corrupt(rule);
        return new BlockImage
        {
            Block = header.Identity.Block,
            Length = header.Length,
            Version = header.Version,
            EntryIndex = header.EntryIndex,
            Segments = segments,
            Dedupe = dedupe,
            Values = _chunk.Numbers.Floats(header.Length),
            Slot0 = header.HasSlot0 ? _chunk.Numbers.Floats(header.Length) : null,
            Slot1 = header.HasSlot1 ? _chunk.Numbers.Floats(header.Length) : null,
        };
    }

    private Header ReadHeader()
    {
        var slots = _chunk.Numbers.Int32();
        if (slots is < 0 or > 3) throw _chunk.Corrupt($"it names optimizer states {slots}; there are 0 to 3.");
        _chunk.CheckTotal();
        var (generation, cut, epoch) = (_chunk.Numbers.Int64(), _chunk.Numbers.Int64(), _chunk.Numbers.Int64());
        var (version, entry) = (_chunk.Numbers.Int64(), _chunk.Numbers.Int64());
        var (block, length) = (_chunk.Numbers.Int32(), _chunk.Numbers.Int32());
        var (segments, dedupe) = (_chunk.Numbers.Int32(), _chunk.Numbers.Int32());
        var values = _chunk.Numbers.Int64();
        var identity = new ChunkIdentity(_chunk.ReadModel(), generation, cut, block, epoch);
        return new(identity, (slots & 1) != 0, (slots & 2) != 0, version, entry, length, segments, dedupe, values);
    }

    private readonly void CheckSizes(in Header h)
    {
        if (h.Length < 0 || h.Segments < 0 || h.Dedupe < 0) throw _chunk.Corrupt("its header has a negative number.");
        var tables = BlockImageCodec.HeaderBytes + ((long)h.Segments * BlockImageCodec.SegmentBytes)
            + ((long)h.Dedupe * BlockImageCodec.DedupeBytes);
        var floats = BlockImageCodec.FloatBytes(h.Length, (h.HasSlot0 ? 1 : 0) + (h.HasSlot1 ? 1 : 0));
        if (h.ValuesOffset < tables || h.ValuesOffset != _chunk.Length - BlockImageCodec.HashBytes - floats)
        {
            throw _chunk.Corrupt(string.Create(CultureInfo.InvariantCulture,
                $"{h.Segments} segments, {h.Dedupe} ranks and {floats} bytes of floats from {h.ValuesOffset} on do not fit its {_chunk.Length} bytes."));
        }
    }

    private SegmentImage[] ReadSegments(int count)
    {
        var segments = new SegmentImage[count];
        for (var i = 0; i < count; i++)
        {
            segments[i] = new(
                _chunk.Numbers.Int32(), _chunk.Numbers.Int32(), _chunk.Numbers.Int32(), _chunk.Numbers.Int32(), _chunk.Numbers.Int64());
        }
        return segments;
    }

    private readonly record struct Header(
        ChunkIdentity Identity, bool HasSlot0, bool HasSlot1, long Version, long EntryIndex, int Length, int Segments,
        int Dedupe, long ValuesOffset);
}
