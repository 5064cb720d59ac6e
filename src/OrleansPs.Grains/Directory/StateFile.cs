using System.Buffers;
using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using OrleansPs.Hosting;

namespace OrleansPs.Grains;

/// <summary>A grain's state as a file: a mark, a version, and what the serializer made of the state.</summary>
internal static class StateFile
{
    private const int HeaderBytes = 16;

    private static ReadOnlySpan<byte> Mark => "OPSSTATE"u8;

    /// <summary>Reads a state; null where there is none.</summary>
    public static (long Version, byte[] Content)? Read(string path)
    {
        using var file = TryOpen(path);
        if (file is null) return null;
        var version = ReadHeader(path, file);
        var content = GC.AllocateUninitializedArray<byte>(checked((int)(RandomAccess.GetLength(file) - HeaderBytes)));
        ReadFully(path, file, content, HeaderBytes);
        return (version, content);
    }

    /// <summary>Reads a state's version alone; null where there is none.</summary>
    public static long? ReadVersion(string path)
    {
        using var file = TryOpen(path);
        return file is null ? null : ReadHeader(path, file);
    }

    /// <summary>Writes a state; it lasts when this returns.</summary>
    public static void Write(string path, long version, ReadOnlySpan<byte> content)
    {
        var length = HeaderBytes + content.Length;
        var buffer = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            Mark.CopyTo(buffer);
            BinaryPrimitives.WriteInt64LittleEndian(buffer.AsSpan(Mark.Length), version);
            content.CopyTo(buffer.AsSpan(HeaderBytes));
            DurableFile.Write(path, buffer.AsSpan(0, length));
            DurableFile.FlushDirectory(Path.GetDirectoryName(path)!);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static SafeFileHandle? TryOpen(string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private static long ReadHeader(string path, SafeFileHandle file)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        ReadFully(path, file, header, 0);
        return header.StartsWith(Mark)
            ? BinaryPrimitives.ReadInt64LittleEndian(header[Mark.Length..])
            : throw new SnapshotCorruptException(path, "it does not begin as a state does.");
    }

    private static void ReadFully(string path, SafeFileHandle file, Span<byte> target, long offset)
    {
        while (target.Length > 0)
        {
            var read = RandomAccess.Read(file, target, offset);
            if (read == 0) throw new SnapshotCorruptException(path, "it breaks off.");
            target = target[read..];
            offset += read;
        }
    }
}
