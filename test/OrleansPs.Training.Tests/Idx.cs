using System.Buffers.Binary;
using System.IO.Compression;

namespace OrleansPs.Training.Tests;

/// <summary>Makes IDX files.</summary>
internal static class Idx
{
    public static byte[] File(int[] shape, byte[] values, byte type = 0x08)
    {
        var bytes = new byte[4 + 4 * shape.Length + values.Length];
        bytes[2] = type;
        bytes[3] = (byte)shape.Length;
        for (var i = 0; i < shape.Length; i++) BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(4 + 4 * i), shape[i]);
        values.CopyTo(bytes, 4 + 4 * shape.Length);
        return bytes;
    }

    public static byte[] Gzip(byte[] bytes)
    {
        using var buffer = new MemoryStream();
        using (var gzip = new GZipStream(buffer, CompressionLevel.Fastest)) gzip.Write(bytes);
        return buffer.ToArray();
    }

    /// <summary>A data set in which the class shows as the brightest column.</summary>
    public static void WriteDataSet(string directory, int train, int test, int side = 4, int classes = 4)
    {
        WritePart(directory, "train", train, side, classes, 1);
        WritePart(directory, "t10k", test, side, classes, 2);
    }

    private static void WritePart(string directory, string part, int count, int side, int classes, int seed)
    {
        var random = new Random(seed);
        var pixels = new byte[count * side * side];
        var labels = new byte[count];
        random.NextBytes(pixels);
        for (var i = 0; i < count; i++)
        {
            labels[i] = (byte)random.Next(classes);
            for (var row = 0; row < side; row++) pixels[i * side * side + row * side + labels[i]] = 255;
        }
        System.IO.File.WriteAllBytes(Path.Combine(directory, $"{part}-images-idx3-ubyte"), File([count, side, side], pixels));
        System.IO.File.WriteAllBytes(Path.Combine(directory, $"{part}-labels-idx1-ubyte.gz"), Gzip(File([count], labels)));
    }
}
