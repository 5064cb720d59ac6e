using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace OrleansPs.Train.Tests.Data;

/// <summary>Writes what R's serialize writes, byte for byte as R Internals describes it, and a database of such objects.</summary>
internal sealed class RWriter
{
    private readonly List<byte> _bytes = [];

    public RWriter(int version = 3)
    {
        _bytes.AddRange("X\n"u8);
        Int(version).Int(0x00040101).Int(0x00030500);
        if (version == 3) Int(5).Raw("UTF-8");
    }

    public byte[] ToArray() => [.. _bytes];

    public RWriter Int(int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        _bytes.AddRange(bytes);
        return this;
    }

    public RWriter Real(double value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteDoubleBigEndian(bytes, value);
        _bytes.AddRange(bytes);
        return this;
    }

    public RWriter Raw(string text)
    {
        _bytes.AddRange(Encoding.UTF8.GetBytes(text));
        return this;
    }

    public RWriter Chars(string text) => Int(0x40009).Int(Encoding.UTF8.GetByteCount(text)).Raw(text);

    public RWriter Symbol(string name) => Int(1).Chars(name);

    public RWriter Ints(params int[] values)
    {
        Int(13).Int(values.Length);
        foreach (var value in values) Int(value);
        return this;
    }

    public RWriter Reals(params double[] values)
    {
        Int(14).Int(values.Length);
        foreach (var value in values) Real(value);
        return this;
    }

    public RWriter Strings(params string[] values)
    {
        Int(16).Int(values.Length);
        foreach (var value in values) Chars(value);
        return this;
    }

    /// <summary>A list with names; its items are to be written first, its names behind them.</summary>
    public RWriter List(string[] names, Action items)
    {
        Int(19 | (1 << 9)).Int(names.Length);
        items();
        return Int(2 | (1 << 10)).Symbol("names").Strings(names).Int(254);
    }

    /// <summary>Writes a database that holds one object.</summary>
    public static void WriteDatabase(string directory, string name, byte[] item)
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true)) zlib.Write(item);
        var length = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, item.Length);
        File.WriteAllBytes(Path.Combine(directory, "Rdata.rdb"), [1, 2, 3, .. length, .. packed.ToArray()]);
        var index = new RWriter();
        index.List(["variables", "references", "compressed"], () =>
        {
            index.List([name], () => index.Ints(3, 4 + (int)packed.Length));
            index.List([], () => { });
            index.Int(10).Int(1).Int(1);
        });
        using var file = new GZipStream(File.Create(Path.Combine(directory, "Rdata.rdx")), CompressionLevel.Fastest);
        file.Write(index.ToArray());
    }
}
