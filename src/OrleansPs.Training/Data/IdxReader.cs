using System.Buffers.Binary;
using System.IO.Compression;

namespace OrleansPs.Training;

/// <summary>
/// Reads IDX files (the format of MNIST and its kin): two zero bytes, a type, the number of dimensions, the dimensions as
/// big-endian int32, then the elements. Plain or compressed with gzip; unsigned bytes only.
/// </summary>
public static class IdxReader
{
    /// <summary>The default bound on a file's elements: 1 GiB.</summary>
    public const long DefaultMaxBytes = 1L << 30;

    private const byte UnsignedByte = 0x08;
    private const int MaxDimensions = 8;

    // Deflate spends at least one bit on 129 bytes, so a file can't hold more than this for each of its bytes.
    private const long MaxInflation = 1032;

    /// <summary>Reads a whole file.</summary>
    /// <param name="path">The file; that it is compressed is seen from its first bytes, not from its name.</param>
    /// <param name="maxBytes">The most elements to accept; a header that announces more is refused before memory is taken.</param>
    /// <exception cref="DataFormatException">The file is missing, unreadable, truncated, too long, too large or no IDX file.</exception>
    public static IdxArray Read(string path, long maxBytes = DefaultMaxBytes)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            using var file = File.OpenRead(path);
            var compressed = IsGzip(file);
            var limit = Math.Min(maxBytes, Array.MaxLength);
            if (!compressed) return Read(file, path, limit, file.Length);
            var announced = InflatedLength(file, path);
            using var stream = new GZipStream(file, CompressionMode.Decompress);
            var array = Read(stream, path, limit, file.Length * MaxInflation);
            return announced == (uint)(array.Values.Length + 4 + 4 * array.Shape.Count)
                ? array
                : throw new DataFormatException(path, "truncated: the gzip data does not end with its length.");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new DataFormatException(path, "the file does not exist.");
        }
        catch (InvalidDataException)
        {
            throw new DataFormatException(path, "the gzip data is damaged.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataFormatException(path, $"the file can't be read: {e.Message}");
        }
    }

    private static bool IsGzip(FileStream file)
    {
        Span<byte> magic = stackalloc byte[2];
        var gzip = file.ReadAtLeast(magic, 2, throwOnEndOfStream: false) == 2 && magic[0] == 0x1f && magic[1] == 0x8b;
        file.Position = 0;
        return gzip;
    }

    // Without the trailer, a file that is cut short behind its last element would pass with its checksum unseen.
    private static uint InflatedLength(FileStream file, string path)
    {
        const int smallest = 18;
        if (file.Length < smallest) throw new DataFormatException(path, "truncated: the file ends within the gzip header.");
        Span<byte> length = stackalloc byte[sizeof(uint)];
        file.Seek(-length.Length, SeekOrigin.End);
        file.ReadExactly(length);
        file.Position = 0;
        return BinaryPrimitives.ReadUInt32LittleEndian(length);
    }

    private static IdxArray Read(Stream stream, string path, long maxBytes, long capacity)
    {
        var shape = ReadShape(stream, path);
        var count = CountOf(shape, path, maxBytes);
        if (count > capacity)
            throw new DataFormatException(path, $"truncated: the header announces {count} bytes, which the file is too short for.");
        var values = new byte[count];
        var read = stream.ReadAtLeast(values, values.Length, throwOnEndOfStream: false);
        if (read < values.Length)
            throw new DataFormatException(path, $"truncated: the header announces {count} bytes, only {read} follow.");
        if (stream.ReadByte() >= 0)
            throw new DataFormatException(path, $"there is more data than the {count} bytes that the header announces.");
        return new IdxArray(shape, values);
    }

    private static int[] ReadShape(Stream stream, string path)
    {
        Span<byte> magic = stackalloc byte[4];
        ReadHeader(stream, magic, path);
        if (magic[0] != 0 || magic[1] != 0)
            throw new DataFormatException(path, "this is no IDX file: it does not start with two zero bytes.");
        if (magic[2] != UnsignedByte)
            throw new DataFormatException(path, $"the element type is 0x{magic[2]:x2}; only unsigned bytes (0x08) are read.");
        if (magic[3] is 0 or > MaxDimensions)
            throw new DataFormatException(path, $"it has {magic[3]} dimensions; 1 to {MaxDimensions} are read.");
        var shape = new int[magic[3]];
        Span<byte> dimension = stackalloc byte[4];
        for (var i = 0; i < shape.Length; i++)
        {
            ReadHeader(stream, dimension, path);
            shape[i] = BinaryPrimitives.ReadInt32BigEndian(dimension);
        }
        return shape;
    }

    private static void ReadHeader(Stream stream, Span<byte> target, string path)
    {
        if (stream.ReadAtLeast(target, target.Length, throwOnEndOfStream: false) < target.Length)
            throw new DataFormatException(path, "truncated: the file ends within the header.");
    }

    private static long CountOf(int[] shape, string path, long maxBytes)
    {
        var count = 1L;
        foreach (var dimension in shape)
        {
            if (dimension < 0) throw new DataFormatException(path, $"a dimension is {dimension}; it must be >= 0.");
            count = Math.Min(count * dimension, long.MaxValue >> 32);
        }
        return count <= maxBytes
            ? count
            : throw new DataFormatException(path, $"the header announces [{string.Join(", ", shape)}] bytes; at most {maxBytes} are read.");
    }
}
