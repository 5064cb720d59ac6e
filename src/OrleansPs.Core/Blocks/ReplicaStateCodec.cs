using System.Runtime.InteropServices;
using System.Security.Cryptography;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Core.Blocks;

/// <summary>
/// All that a replica knows, as bytes for another replica that goes on in its place: the block's image, cuts, fences, the
/// newest certificate, the open round's contributions and what ranks last pulled. A frozen copy does not go along: if that replica is ever to lead, the open cut is given up. The image
/// has its own checksum; what is behind it is closed by another one.
/// </summary>
/// <remarks>It lives as long as a move, so it may change between versions; it is not the snapshot format. Thread safe.</remarks>
internal static class ReplicaStateCodec
{
    private const int Version = 4;
    private const int FixedBytes = sizeof(int) + sizeof(long) + (3 * sizeof(long)) + PolicyBytes;
    private const int PolicyBytes = (2 * sizeof(long)) + (3 * sizeof(int));

    public static long LengthOf(ReplicaState state)
    {
        long length = FixedBytes + BlockImageCodec.GetEncodedLength(state.Image);
        length += sizeof(int) + ((long)state.Fences.Count * sizeof(long));
        length += sizeof(long) + sizeof(int) + ((state.LastCertificate?.Members.Count ?? 0) * 12L);
        length += sizeof(long) + sizeof(int) + state.Marks.Ranks.Sum(m => MarkBytes(state, m));
        return length + sizeof(int) + state.Staged.Sum(s => StagedBytes(state, s)) + SHA256.HashSizeInBytes;
    }

    public static byte[] Encode(ReplicaState state, string model, long generation, long epoch)
    {
        var bytes = GC.AllocateUninitializedArray<byte>(checked((int)LengthOf(state)));
        var writer = new ByteWriter(bytes);
        var image = BlockImageCodec.GetEncodedLength(state.Image);
        writer.Int32(Version);
        writer.Int64(image);
        BlockImageCodec.Encode(state.Image, model, generation, state.Cut, epoch, bytes.AsSpan(writer.Position, image));
        writer.Skip(image);
        var rest = writer.Position;
        writer.Int64(state.Cut);
        writer.Int64(state.WrittenCut);
        writer.Int64(state.Term);
        WritePolicy(ref writer, state.Policy);
        writer.Int32(state.Fences.Count);
        foreach (var fence in state.Fences) writer.Int64(fence);
        WriteCertificate(ref writer, state.LastCertificate);
        WriteMarks(ref writer, state);
        writer.Int32(state.Staged.Count);
        foreach (var staged in state.Staged) WriteStaged(ref writer, state, staged);
        SHA256.HashData(bytes.AsSpan(rest..writer.Position), bytes.AsSpan(writer.Position));
        return bytes;
    }

    /// <summary>Reads a state back.</summary>
    /// <exception cref="SnapshotCorruptException">It is none, or of another block.</exception>
    public static ReplicaState Decode(ReadOnlySpan<byte> bytes, ModelSpec spec, BlockShape shape, long generation, long epoch)
    {
        var name = $"state of block {shape.Index} of model '{spec.Name}'";
        try
        {
            return Read(bytes, spec, shape, generation, epoch, name);
        }
        catch (ArgumentOutOfRangeException)
        {
            throw new SnapshotCorruptException(name, "it breaks off.");
        }
    }

    private static ReplicaState Read(
        ReadOnlySpan<byte> bytes, ModelSpec spec, BlockShape shape, long generation, long epoch, string name)
    {
        var reader = new ByteReader(bytes[..Math.Max(0, bytes.Length - SHA256.HashSizeInBytes)]);
        if (reader.Int32() is var version && version != Version) throw new SnapshotCorruptException(name, $"it is of version {version}.");
        var chunk = reader.Bytes((int)Math.Clamp(reader.Int64(), -1, int.MaxValue));
        CheckSum(bytes[reader.Position..], name);
        var (cut, written, term) = (reader.Int64(), reader.Int64(), reader.Int64());
        var policy = ReadPolicy(ref reader, name);
        var image = BlockImageCodec.Decode(chunk, name, new(spec.Name, generation, cut, shape.Index, epoch));
        if (ImageFit.Misfit(spec, shape, image) is { } misfit) throw new SnapshotCorruptException(name, $"it {misfit}");
        var fences = new long[Count(reader.Int32(), spec.RankLimit, name)];
        for (var i = 0; i < fences.Length; i++) fences[i] = reader.Int64();
        var certificate = ReadCertificate(ref reader, spec, name);
        var marks = ReadMarks(ref reader, spec, shape, name);
        var staged = new StagedImage[Count(reader.Int32(), spec.RankLimit, name)];
        for (var i = 0; i < staged.Length; i++) staged[i] = ReadStaged(ref reader, shape, image, name);
        CheckRanks(staged.Select(s => s.Rank), spec, name);
        if (reader.Left != 0) throw new SnapshotCorruptException(name, "it goes on behind its end.");
        return new(image, cut, written, term, fences, certificate, staged, marks, policy);
    }

    private static void CheckSum(ReadOnlySpan<byte> rest, string name)
    {
        var content = rest[..Math.Max(0, rest.Length - SHA256.HashSizeInBytes)];
        if (!SHA256.HashData(content).AsSpan().SequenceEqual(rest[content.Length..]))
            throw new SnapshotCorruptException(name, "its checksum does not fit its content.");
    }

    private static void CheckRanks(IEnumerable<int> ranks, ModelSpec spec, string name)
    {
        var last = -1;
        foreach (var rank in ranks)
        {
            if (rank <= last || rank >= spec.RankLimit)
                throw new SnapshotCorruptException(name, $"rank {rank} of {spec.RankLimit} follows rank {last}.");
            last = rank;
        }
    }

    private static long StagedBytes(ReplicaState state, StagedImage staged) =>
        (3 * sizeof(int)) + sizeof(long) + staged.Touched.Length + ((long)staged.Keys.Length * sizeof(long))
        + ((long)StagedFloats(state.Image, staged.Keys.Length) * sizeof(float));

    private static int StagedFloats(BlockImage image, int keys) => image.Rows is { } rows ? checked(keys * rows.Width) : image.Length;

    private static void WriteStaged(ref ByteWriter writer, ReplicaState state, StagedImage staged)
    {
        writer.Int32(staged.Rank);
        writer.Int64(staged.Incarnation);
        writer.Int32(staged.NextSequence);
        writer.Int32(staged.Keys.Length);
        writer.Bytes(MemoryMarshal.AsBytes(staged.Touched.AsSpan()));
        foreach (var key in staged.Keys) writer.Int64(key);
        writer.Floats(staged.Sum.AsSpan(0, StagedFloats(state.Image, staged.Keys.Length)));
    }

    private static StagedImage ReadStaged(ref ByteReader reader, BlockShape shape, BlockImage image, string name)
    {
        var (rank, incarnation, next, count) = (reader.Int32(), reader.Int64(), reader.Int32(), reader.Int32());
        var touched = new bool[shape.Segments.Count];
        var flags = reader.Bytes(touched.Length);
        for (var i = 0; i < touched.Length; i++) touched[i] = flags[i] != 0;
        var rowBytes = sizeof(long) + ((image.Rows?.Width ?? 0L) * sizeof(float));
        if (count < 0 || count > (image.Rows is null ? 0 : reader.Left / rowBytes))
            throw new SnapshotCorruptException(name, $"it counts {count} staged rows.");
        var keys = new long[count];
        for (var i = 0; i < count; i++) keys[i] = reader.Int64();
        return new(rank, incarnation, next) { Touched = touched, Keys = keys, Sum = reader.Floats(StagedFloats(image, count)) };
    }

    private static long MarkBytes(ReplicaState state, PullMarkImage mark) =>
        sizeof(int) + sizeof(long) + ((long)MarkFloats(state, mark) * sizeof(float));

    private static int MarkFloats(ReplicaState state, PullMarkImage mark) => mark.Values.Length == 0 ? 0 : state.Image.Length;

    private static void WriteMarks(ref ByteWriter writer, ReplicaState state)
    {
        writer.Int64(state.Marks.Pushes);
        writer.Int32(state.Marks.Ranks.Count);
        foreach (var mark in state.Marks.Ranks)
        {
            writer.Int32(mark.Rank);
            writer.Int64(mark.Pushes);
            writer.Floats(mark.Values.AsSpan(0, MarkFloats(state, mark)));
        }
    }

    private static PullMarksImage ReadMarks(ref ByteReader reader, ModelSpec spec, BlockShape shape, string name)
    {
        var pushes = reader.Int64();
        var marks = new PullMarkImage[Count(reader.Int32(), spec.RankLimit, name)];
        var floats = PullMarks.FloatsOf(spec, shape);
        for (var i = 0; i < marks.Length; i++) marks[i] = new(reader.Int32(), reader.Int64(), floats == 0 ? [] : reader.Floats(floats));
        CheckRanks(marks.Select(m => m.Rank), spec, name);
        return new(pushes, marks);
    }

    private static void WritePolicy(ref ByteWriter writer, TrainingPolicy policy)
    {
        writer.Int64(policy.Number);
        writer.Int32((int)policy.Consistency.Mode);
        writer.Int32(policy.Consistency.Staleness);
        writer.Int32(policy.BackupWorkers);
        writer.Int64(BitConverter.DoubleToInt64Bits(policy.LrScale));
    }

    private static TrainingPolicy ReadPolicy(ref ByteReader reader, string name)
    {
        var (number, mode, staleness) = (reader.Int64(), (ConsistencyMode)reader.Int32(), reader.Int32());
        var consistency = mode switch
        {
            ConsistencyMode.BulkSynchronous => ConsistencyPolicy.BulkSynchronous,
            ConsistencyMode.Asynchronous => ConsistencyPolicy.Asynchronous,
            ConsistencyMode.StaleSynchronous when staleness is >= 0 and <= 1_000_000 => ConsistencyPolicy.StaleSynchronous(staleness),
            _ => throw new SnapshotCorruptException(name, $"its consistency is {mode} with a staleness of {staleness}."),
        };
        return new(number, consistency, reader.Int32(), BitConverter.Int64BitsToDouble(reader.Int64()));
    }

    private static void WriteCertificate(ref ByteWriter writer, Certificate? certificate)
    {
        writer.Int64(certificate?.Round ?? -1);
        writer.Int32(certificate?.Members.Count ?? 0);
        foreach (var member in certificate?.Members ?? [])
        {
            writer.Int32(member.Rank);
            writer.Int64(member.Incarnation);
        }
    }

    private static Certificate? ReadCertificate(ref ByteReader reader, ModelSpec spec, string name)
    {
        var round = reader.Int64();
        var members = new CertificateMember[Count(reader.Int32(), spec.RankLimit, name)];
        for (var i = 0; i < members.Length; i++) members[i] = new(reader.Int32(), reader.Int64());
        CheckRanks(members.Select(m => m.Rank), spec, name);
        return round < 0 ? null : new(round, members);
    }

    private static int Count(int count, int most, string name) =>
        count >= 0 && count <= most ? count : throw new SnapshotCorruptException(name, $"it counts {count} ranks of {most}.");
}

/// <summary>All that a replica knows.</summary>
internal sealed record ReplicaState(
    BlockImage Image, long Cut, long WrittenCut, long Term, IReadOnlyList<long> Fences, Certificate? LastCertificate,
    IReadOnlyList<StagedImage> Staged, PullMarksImage Marks, TrainingPolicy Policy);

/// <summary>One rank's contribution to the open round.</summary>
internal sealed record StagedImage(int Rank, long Incarnation, int NextSequence)
{
    /// <summary>Which segments have been touched (dense).</summary>
    public bool[] Touched { get; init; } = [];

    /// <summary>The sum over the whole block (dense), or the sums of the rows, key after key (table).</summary>
    public float[] Sum { get; init; } = [];

    /// <summary>The keys, in the order in which they came (table).</summary>
    public long[] Keys { get; init; } = [];
}
