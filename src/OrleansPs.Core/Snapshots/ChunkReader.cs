using System.Security.Cryptography;
using System.Text;

namespace OrleansPs.Core.Snapshots;

/// <summary>What all kinds of chunks have in common, on the way in. Trusts no number.</summary>
internal ref struct ChunkReader(ReadOnlySpan<byte> bytes, string name)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private readonly string _name = name;

    /// <summary>Where the numbers come from.</summary>
    public ByteReader Numbers = new(bytes);

    public readonly int Length => _bytes.Length;

    public void CheckEnvelope(ReadOnlySpan<byte> magic, int known)
    {
        const int smallest = BlockImageCodec.HeaderBytes + BlockImageCodec.HashBytes;
        if (_bytes.Length < smallest) throw Corrupt($"it has {_bytes.Length} bytes; a chunk has at least {smallest}.");
        if (!Numbers.Bytes(magic.Length).SequenceEqual(magic)) throw Corrupt("it does not begin as a chunk does.");
        var version = Numbers.Int32();
        if (version != known) throw Corrupt(ImageRules.WrongVersion(version, known));
        var body = _bytes[..^BlockImageCodec.HashBytes];
        Span<byte> hash = stackalloc byte[BlockImageCodec.HashBytes];
        SHA256.HashData(body, hash);
        if (!hash.SequenceEqual(_bytes[body.Length..])) throw Corrupt("its checksum does not fit its content.");
    }

    public void CheckTotal()
    {
        var total = Numbers.Int64();
        if (total != _bytes.Length) throw Corrupt($"it says that it has {total} bytes, and has {_bytes.Length}.");
    }

    /// <summary>The reserved part of the header, and the model's name behind it.</summary>
    public string ReadModel()
    {
        CheckZeros(Numbers.Bytes(BlockImageCodec.ModelOffset - Numbers.Position), "the reserved part of its header");
        var field = Numbers.Bytes(BlockImageCodec.ModelBytes);
        var length = field.IndexOf((byte)0) is var end and >= 0 ? end : field.Length;
        CheckZeros(field[length..], "the rest of its model name");
        if (length == 0 || !Ascii.IsValid(field[..length])) throw Corrupt("its model name is not 1 to 128 ASCII characters.");
        return Encoding.ASCII.GetString(field[..length]);
    }

    public readonly void CheckIdentity(in ChunkIdentity actual, in ChunkIdentity? expected)
    {
        if (actual.Block < 0 || actual.Generation < 0 || actual.Cut < 0 || actual.Epoch < 0) throw Corrupt("its header has a negative number.");
        if (expected is { } other && actual != other)
            throw Corrupt($"it is chunk {actual.Name} of model '{actual.Model}', not {other.Name} of '{other.Model}'.");
    }

    /// <summary>The dedupe states, which end at or before an offset.</summary>
    public DedupeImage[] ReadDedupe(int count, long end)
    {
        var dedupe = new DedupeImage[count];
        for (var i = 0; i < dedupe.Length; i++)
        {
            var (rank, words) = (Numbers.Int32(), Numbers.Int32());
            var after = (long)(dedupe.Length - 1 - i) * BlockImageCodec.DedupeBytes;
            var room = end - Numbers.Position - (2 * sizeof(long)) - after;
            if (words < 0 || words * (long)sizeof(ulong) > room)
                throw Corrupt($"the dedupe state of rank {rank} says that it has {words} words, which do not fit.");
            var (incarnation, step) = (Numbers.Int64(), Numbers.Int64());
            dedupe[i] = new(rank, incarnation, step, ReadBits(words));
        }
        return dedupe;
    }

    /// <summary>The gap before the numbers that begin at an offset.</summary>
    public void CheckPadding(long offset)
    {
        if (BlockImageCodec.Align(Numbers.Position) != offset)
            throw Corrupt($"its values begin at {offset}, its tables end at {Numbers.Position}.");
        CheckZeros(Numbers.Bytes((int)offset - Numbers.Position), "the gap before its values");
    }

    public readonly SnapshotCorruptException Corrupt(string problem) => new(_name, problem);

    private readonly void CheckZeros(ReadOnlySpan<byte> bytes, string what)
    {
        if (bytes.ContainsAnyExcept((byte)0)) throw Corrupt($"{what} is not zero.");
    }

    private ulong[] ReadBits(int words)
    {
        var bits = new ulong[words];
        for (var i = 0; i < words; i++) bits[i] = (ulong)Numbers.Int64();
        return bits;
    }
}
