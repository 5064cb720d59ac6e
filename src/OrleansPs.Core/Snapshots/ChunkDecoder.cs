using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace OrleansPs.Core.Snapshots;

/// <summary>
/// Reads one chunk. Trusts no number: every length is held against the bytes that are there before memory is taken, the
/// checksum notwithstanding, for a checksum only says that the writer wrote it.
/// </summary>
internal ref struct ChunkDecoder(ReadOnlySpan<byte> bytes, string name)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private readonly string _name = name;
    private ByteReader _reader = new(bytes);

    public BlockImage Decode(ChunkIdentity? expected)
    {
        CheckEnvelope();
        var header = ReadHeader();
        CheckSizes(header);
        if (expected is { } identity) CheckIdentity(header.Identity, identity);
        var segments = ReadSegments(header.Segments);
        var dedupe = ReadDedupe(header);
        CheckPadding(header);
        if (ImageRules.FirstBroken(header.Length, segments, dedupe) is { } rule) throw Corrupt(rule);
        return new BlockImage
        {
            Block = header.Identity.Block,
            Length = header.Length,
            Version = header.Version,
            EntryIndex = header.EntryIndex,
            Segments = segments,
            Dedupe = dedupe,
            Values = _reader.Floats(header.Length),
            Slot0 = header.HasSlot0 ? _reader.Floats(header.Length) : null,
            Slot1 = header.HasSlot1 ? _reader.Floats(header.Length) : null,
        };
    }

    private void CheckEnvelope()
    {
        const int smallest = BlockImageCodec.HeaderBytes + BlockImageCodec.HashBytes;
        if (_bytes.Length < smallest) throw Corrupt($"it has {_bytes.Length} bytes; a chunk has at least {smallest}.");
        if (!_reader.Bytes(BlockImageCodec.Magic.Length).SequenceEqual(BlockImageCodec.Magic))
            throw Corrupt("it does not begin as a chunk does.");
        var version = _reader.Int32();
        if (version != BlockImageCodec.FormatVersion)
            throw Corrupt(ImageRules.WrongVersion(version, BlockImageCodec.FormatVersion));
        var body = _bytes[..^BlockImageCodec.HashBytes];
        Span<byte> hash = stackalloc byte[BlockImageCodec.HashBytes];
        SHA256.HashData(body, hash);
        if (!hash.SequenceEqual(_bytes[body.Length..])) throw Corrupt("its checksum does not fit its content.");
    }

    private Header ReadHeader()
    {
        var slots = _reader.Int32();
        if (slots is < 0 or > 3) throw Corrupt($"it names optimizer states {slots}; there are 0 to 3.");
        var total = _reader.Int64();
        if (total != _bytes.Length) throw Corrupt($"it says that it has {total} bytes, and has {_bytes.Length}.");
        var (generation, cut, epoch) = (_reader.Int64(), _reader.Int64(), _reader.Int64());
        var (version, entry) = (_reader.Int64(), _reader.Int64());
        var (block, length, segments, dedupe) = (_reader.Int32(), _reader.Int32(), _reader.Int32(), _reader.Int32());
        var values = _reader.Int64();
        CheckZeros(_reader.Bytes(BlockImageCodec.ModelOffset - _reader.Position), "the reserved part of its header");
        return new(
            new ChunkIdentity(ReadModel(), generation, cut, block, epoch), (slots & 1) != 0, (slots & 2) != 0, version,
            entry, length, segments, dedupe, values);
    }

    private string ReadModel()
    {
        var field = _reader.Bytes(BlockImageCodec.ModelBytes);
        var length = field.IndexOf((byte)0) is var end and >= 0 ? end : field.Length;
        CheckZeros(field[length..], "the rest of its model name");
        if (length == 0 || !Ascii.IsValid(field[..length])) throw Corrupt("its model name is not 1 to 128 ASCII characters.");
        return Encoding.ASCII.GetString(field[..length]);
    }

    private readonly void CheckIdentity(in ChunkIdentity actual, in ChunkIdentity expected)
    {
        if (actual != expected)
            throw Corrupt($"it is chunk {actual.Name} of model '{actual.Model}', not {expected.Name} of '{expected.Model}'.");
    }

    private readonly void CheckSizes(in Header h)
    {
        if (h.Identity.Block < 0 || h.Identity.Generation < 0 || h.Identity.Cut < 0 || h.Identity.Epoch < 0
            || h.Length < 0 || h.Segments < 0 || h.Dedupe < 0)
        {
            throw Corrupt("its header has a negative number.");
        }
        var tables = BlockImageCodec.HeaderBytes + (long)h.Segments * BlockImageCodec.SegmentBytes
            + (long)h.Dedupe * BlockImageCodec.DedupeBytes;
        var floats = BlockImageCodec.FloatBytes(h.Length, (h.HasSlot0 ? 1 : 0) + (h.HasSlot1 ? 1 : 0));
        if (h.ValuesOffset < tables || h.ValuesOffset != _bytes.Length - BlockImageCodec.HashBytes - floats)
        {
            throw Corrupt(string.Create(CultureInfo.InvariantCulture,
                $"{h.Segments} segments, {h.Dedupe} ranks and {floats} bytes of floats from {h.ValuesOffset} on do not fit its {_bytes.Length} bytes."));
        }
    }

    private SegmentImage[] ReadSegments(int count)
    {
        var segments = new SegmentImage[count];
        for (var i = 0; i < count; i++)
            segments[i] = new(_reader.Int32(), _reader.Int32(), _reader.Int32(), _reader.Int32(), _reader.Int64());
        return segments;
    }

    private DedupeImage[] ReadDedupe(in Header header)
    {
        var dedupe = new DedupeImage[header.Dedupe];
        for (var i = 0; i < dedupe.Length; i++)
        {
            var (rank, words) = (_reader.Int32(), _reader.Int32());
            var after = (long)(dedupe.Length - 1 - i) * BlockImageCodec.DedupeBytes;
            var room = header.ValuesOffset - _reader.Position - 2 * sizeof(long) - after;
            if (words < 0 || words * (long)sizeof(ulong) > room)
                throw Corrupt($"the dedupe state of rank {rank} says that it has {words} words, which do not fit.");
            var (incarnation, step) = (_reader.Int64(), _reader.Int64());
            dedupe[i] = new(rank, incarnation, step, ReadBits(words));
        }
        return dedupe;
    }

    private ulong[] ReadBits(int words)
    {
        var bits = new ulong[words];
        for (var i = 0; i < words; i++) bits[i] = (ulong)_reader.Int64();
        return bits;
    }

    private void CheckPadding(in Header header)
    {
        if (BlockImageCodec.Align(_reader.Position) != header.ValuesOffset)
            throw Corrupt($"its values begin at {header.ValuesOffset}, its tables end at {_reader.Position}.");
        CheckZeros(_reader.Bytes((int)header.ValuesOffset - _reader.Position), "the gap before its values");
    }

    private readonly void CheckZeros(ReadOnlySpan<byte> bytes, string what)
    {
        if (bytes.ContainsAnyExcept((byte)0)) throw Corrupt($"{what} is not zero.");
    }

    private readonly SnapshotCorruptException Corrupt(string problem) => new(_name, problem);

    private readonly record struct Header(
        ChunkIdentity Identity, bool HasSlot0, bool HasSlot1, long Version, long EntryIndex, int Length, int Segments,
        int Dedupe, long ValuesOffset);
}
