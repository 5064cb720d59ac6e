using System.Globalization;

namespace OrleansPs.Core.Snapshots;

/// <summary>Reads one chunk of a table's shard, as carefully as <see cref="ChunkDecoder"/> does one of a dense block.</summary>
internal ref struct TableChunkDecoder(ReadOnlySpan<byte> bytes, string name)
{
    private ChunkReader _chunk = new(bytes, name);

    public BlockImage Decode(ChunkIdentity? expected)
    {
        _chunk.CheckEnvelope(TableImageCodec.Magic, TableImageCodec.FormatVersion);
        var header = ReadHeader();
        CheckSizes(header);
        _chunk.CheckIdentity(header.Identity, expected);
        var dedupe = _chunk.ReadDedupe(header.Dedupe, header.RecordsOffset - header.Sketch - (header.AllKeys * sizeof(long)));
        var rows = ReadRows(header);
        if ((ImageRules.FirstBroken(0, [], dedupe) ?? TableImageCodec.FirstBroken(rows)) is { } rule) throw _chunk.Corrupt(rule);
        return new BlockImage
        {
            Block = header.Identity.Block, Length = 0, Version = header.Version, EntryIndex = header.EntryIndex,
            Values = [], Segments = [], Dedupe = dedupe, Rows = rows,
        };
    }

    private TableImage ReadRows(in Header header)
    {
        var sketch = header.HasSketch ? _chunk.Numbers.Bytes(header.Sketch).ToArray() : null;
        var keys = new long[header.Count];
        _chunk.Numbers.Int64s(keys);
        var remaining = header.HasRemaining ? new long[header.Remaining] : null;
        _chunk.Numbers.Int64s(remaining);
        _chunk.CheckPadding(header.RecordsOffset);
        return new()
        {
            Count = header.Count, Width = header.Width, StateFloats = header.State, CountsUpdates = header.Counts, Ages = header.Ages,
            BaseCut = header.IsDelta ? header.BaseCut : -1, Remaining = remaining, RemainingCount = header.Remaining,
            Clock = header.Clock, Sketch = sketch, Keys = keys, Records = _chunk.Numbers.Floats(header.Count * header.RecordFloats),
        };
    }

    private Header ReadHeader()
    {
        var flags = _chunk.Numbers.Int32();
        if (flags is < 0 or > 31) throw _chunk.Corrupt($"its flags are {flags}; they are 0 to 31.");
        _chunk.CheckTotal();
        var (generation, cut, epoch) = (_chunk.Numbers.Int64(), _chunk.Numbers.Int64(), _chunk.Numbers.Int64());
        var (version, entry) = (_chunk.Numbers.Int64(), _chunk.Numbers.Int64());
        var (block, width, state) = (_chunk.Numbers.Int32(), _chunk.Numbers.Int32(), _chunk.Numbers.Int32());
        var (count, dedupe, sketch) = (_chunk.Numbers.Int32(), _chunk.Numbers.Int32(), _chunk.Numbers.Int32());
        var (clock, records) = (_chunk.Numbers.Int64(), _chunk.Numbers.Int64());
        var (from, remaining) = (_chunk.Numbers.Int64(), _chunk.Numbers.Int32());
        var identity = new ChunkIdentity(_chunk.ReadModel(), generation, cut, block, epoch);
        return new(identity, flags, version, entry, width, state, count, dedupe, sketch, clock, records, from, remaining);
    }

    private readonly void CheckSizes(in Header h)
    {
        if (h.Width < 1 || h.State < 0 || h.Count < 0 || h.Dedupe < 0 || h.Sketch < 0 || h.Clock < 0 || h.Width > 1 << 20 || h.State > 1 << 20)
            throw _chunk.Corrupt("its header has a number out of its range.");
        if (h.BaseCut < 0 || h.Remaining < 0 || (!h.IsDelta && h.BaseCut + h.Remaining > 0) || (!h.HasRemaining && h.Remaining > 0)
            || (h.HasRemaining && !h.IsDelta))
        {
            throw _chunk.Corrupt($"it is no delta, or one of cut {h.BaseCut} with {h.Remaining} remaining keys, and its flags say otherwise.");
        }
        if (h.HasSketch != h.Sketch > 0) throw _chunk.Corrupt($"its sketch has {h.Sketch} bytes, and its flags say otherwise.");
        var tables = TableImageCodec.RecordsOffset((long)h.Dedupe * BlockImageCodec.DedupeBytes, h.Sketch, h.AllKeys);
        var floats = (long)h.Count * h.RecordFloats * sizeof(float);
        if (h.RecordsOffset < tables || h.RecordsOffset != _chunk.Length - BlockImageCodec.HashBytes - floats)
        {
            throw _chunk.Corrupt(string.Create(CultureInfo.InvariantCulture,
                $"{h.Count} rows, {h.Dedupe} ranks and {floats} bytes of floats from {h.RecordsOffset} on do not fit its {_chunk.Length} bytes."));
        }
    }

    private readonly record struct Header(
        ChunkIdentity Identity, int Flags, long Version, long EntryIndex, int Width, int State, int Count, int Dedupe, int Sketch,
        long Clock, long RecordsOffset, long BaseCut, int Remaining)
    {
        public bool IsDelta => (Flags & 8) != 0;

        public bool HasRemaining => (Flags & 16) != 0;

        public long AllKeys => (long)Count + Remaining;

        public bool Counts => (Flags & 1) != 0;

        public bool Ages => (Flags & 2) != 0;

        public bool HasSketch => (Flags & 4) != 0;

        public int RecordFloats => Width + State + (Counts ? 1 : 0) + (Ages ? 1 : 0) + 1;
    }
}
