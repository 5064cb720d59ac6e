using System.Buffers.Binary;
using System.IO.Compression;
using OrleansPs.Training;

namespace OrleansPs.Train.Data;

/// <summary>
/// The objects that an R package keeps to load when they are asked for: an index <c>NAME.rdx</c> and the objects in <c>NAME.rdb</c>, each
/// serialized and compressed with zlib (what <c>tools:::makeLazyLoadDB</c> writes).
/// </summary>
internal sealed class RDatabase
{
    private const int MaxObject = 1 << 30;
    private readonly string _file;
    private readonly RValue _index;

    private RDatabase(string file, RValue index)
    {
        _file = file;
        _index = index;
    }

    /// <summary>Opens a database.</summary>
    /// <param name="directory">The package's directory <c>data</c>.</param>
    /// <param name="name">The name of both files without their endings.</param>
    /// <exception cref="DataFormatException">A file is missing or bad.</exception>
    public static RDatabase Open(string directory, string name = "Rdata")
    {
        var path = Path.Combine(directory, name);
        return Guard(path + ".rdx", () =>
        {
            using var file = File.OpenRead(path + ".rdx");
            using var plain = new GZipStream(file, CompressionMode.Decompress);
            var index = RDeserializer.Read(Whole(plain, path + ".rdx", MaxObject), path + ".rdx");
            return index["compressed"]?.Numbers is [1]
                ? new RDatabase(path + ".rdb", index["variables"] ?? throw new DataFormatException(path + ".rdx", "it lists no variables."))
                : throw new DataFormatException(path + ".rdx", "the objects are not compressed with zlib; no other compression is read.");
        });
    }

    /// <summary>Reads an object.</summary>
    /// <exception cref="DataFormatException">There is none of this name, or it is damaged.</exception>
    public RValue Read(string name) => Guard(_file, () =>
    {
        if (_index[name]?.Numbers is not [var offset, var length]) throw new DataFormatException(_file, $"it has no object '{name}'.");
        using var file = File.OpenRead(_file);
        if (offset < 0 || length < sizeof(int) || offset + length > file.Length)
            throw new DataFormatException(_file, $"truncated: '{name}' is at bytes {offset} to {offset + length} of {file.Length}.");
        var bytes = new byte[(int)length];
        file.Position = (long)offset;
        file.ReadExactly(bytes);
        using var plain = new ZLibStream(new MemoryStream(bytes, sizeof(int), bytes.Length - sizeof(int)), CompressionMode.Decompress);
        return RDeserializer.Read(Whole(plain, _file, BinaryPrimitives.ReadInt32BigEndian(bytes)), _file);
    });

    private static byte[] Whole(Stream stream, string file, int most)
    {
        using var plain = new MemoryStream();
        var buffer = new byte[1 << 16];
        for (int read; (read = stream.Read(buffer)) > 0; plain.Write(buffer, 0, read))
            if (plain.Length + read > most) throw new DataFormatException(file, $"an object is longer than the {most} bytes that are expected.");
        return plain.ToArray();
    }

    private static T Guard<T>(string file, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (InvalidDataException)
        {
            throw new DataFormatException(file, "the compressed data is damaged.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataFormatException(file, $"the file can't be read: {e.Message}");
        }
    }
}
