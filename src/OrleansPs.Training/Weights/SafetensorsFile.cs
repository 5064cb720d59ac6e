using System.Buffers;
using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace OrleansPs.Training;

/// <summary>
/// A file of the safetensors format, as many tools of the field write it: eight bytes with the header's length, a JSON header, then the
/// elements, all little-endian. Tensors of type F32, F16 and BF16 are read as float32, those of type I64 as keys; others are only listed.
/// </summary>
/// <remarks>
/// Thread safe. The header is checked whole when the file is opened: names, shapes, types and offsets, against the file's length. A read goes
/// to the disk on the caller's thread.
/// </remarks>
/// <example>
/// <code>
/// using var weights = SafetensorsFile.Open("pretrained.safetensors");
/// var report = await server.LoadAsync("line", weights, new() { Partial = true });
/// </code>
/// </example>
public sealed class SafetensorsFile : IWeightSource, IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly long _data;
    private readonly Dictionary<string, SafetensorsEntry> _entries;

    private SafetensorsFile(SafeFileHandle file, string path, SafetensorsHeader header, long data)
    {
        (_file, Path, _data) = (file, path, data);
        _entries = header.Entries.ToDictionary(e => e.Tensor.Name, StringComparer.Ordinal);
        Tensors = [.. header.Entries.Select(e => e.Tensor)];
        Metadata = header.Metadata;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>What the file holds, in its order.</summary>
    public IReadOnlyList<WeightTensor> Tensors { get; }

    /// <summary>What else the file says of itself.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Opens a file and checks its header.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="DataFormatException">The file is missing, unreadable or damaged.</exception>
    public static SafetensorsFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var file = OpenHandle(path);
        try
        {
            var header = ReadHeader(file, path, out var data);
            return new(file, path, header, data);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="DataFormatException">The tensor's type is not read, or the file can't be read any more.</exception>
    public ValueTask ReadAsync(
        string tensor, long start, Memory<float> destination, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Read(tensor, start, destination.Span);
        return default;
    }

    /// <inheritdoc/>
    /// <exception cref="DataFormatException">The tensor is not of type I64, or the file can't be read any more.</exception>
    public ValueTask ReadKeysAsync(
        string tensor, long start, Memory<long> destination, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var entry = Find(tensor, start, destination.Length);
        if (entry.Tensor.Type != WeightType.Int64) throw new DataFormatException(Path, $"tensor '{tensor}' is not of type I64.");
        ReadExactly(_file, Path, MemoryMarshal.AsBytes(destination.Span), _data + entry.Offset + (start * sizeof(long)));
        if (!BitConverter.IsLittleEndian) BinaryPrimitives.ReverseEndianness(destination.Span, destination.Span);
        return default;
    }

    /// <summary>Reads a piece of a tensor, as <see cref="ReadAsync"/> does.</summary>
    /// <param name="tensor">The tensor's name.</param>
    /// <param name="start">The first element, from 0.</param>
    /// <param name="destination">Where to; its length says how many elements.</param>
    /// <exception cref="UnknownParameterException">There is no such tensor.</exception>
    /// <exception cref="DataFormatException">The tensor's type is not read, or the file can't be read any more.</exception>
    public void Read(string tensor, long start, Span<float> destination)
    {
        var entry = Find(tensor, start, destination.Length);
        switch (entry.Tensor.Type)
        {
            case WeightType.Float32: ReadFloats(entry, start, destination); break;
            case WeightType.Float16 or WeightType.BFloat16: ReadHalves(entry, start, destination); break;
            default: throw new DataFormatException(Path, $"tensor '{tensor}' is of a type that is not read: only F32, F16 and BF16 are.");
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    private static SafeFileHandle OpenHandle(string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new DataFormatException(path, "the file does not exist.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataFormatException(path, $"the file can't be read: {e.Message}");
        }
    }

    private static SafetensorsHeader ReadHeader(SafeFileHandle file, string path, out long data)
    {
        var total = RandomAccess.GetLength(file);
        Span<byte> prefix = stackalloc byte[sizeof(ulong)];
        if (total < prefix.Length) throw new DataFormatException(path, "truncated: the file is shorter than 8 bytes.");
        ReadExactly(file, path, prefix, 0);
        var length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > SafetensorsHeader.MaxBytes || (long)length > total - prefix.Length)
            throw new DataFormatException(path, $"the header is said to have {length} bytes; the file has {total}.");
        var header = new byte[length];
        ReadExactly(file, path, header, prefix.Length);
        data = prefix.Length + (long)length;
        return SafetensorsHeader.Read(header, path, total - data);
    }

    private SafetensorsEntry Find(string tensor, long start, int length)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (!_entries.TryGetValue(tensor, out var entry)) throw new UnknownParameterException(tensor, _entries.Keys);
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, entry.Tensor.Length - length);
        return entry;
    }

    private void ReadFloats(SafetensorsEntry entry, long start, Span<float> destination)
    {
        ReadExactly(_file, Path, MemoryMarshal.AsBytes(destination), _data + entry.Offset + (start * sizeof(float)));
        if (BitConverter.IsLittleEndian) return;
        var words = MemoryMarshal.Cast<float, int>(destination);
        BinaryPrimitives.ReverseEndianness(words, words);
    }

    private void ReadHalves(SafetensorsEntry entry, long start, Span<float> destination)
    {
        const int AtOnce = 1 << 16;
        var rented = ArrayPool<ushort>.Shared.Rent(Math.Min(AtOnce, destination.Length));
        try
        {
            for (var done = 0; done < destination.Length; done += AtOnce)
            {
                var part = destination.Slice(done, Math.Min(AtOnce, destination.Length - done));
                var words = rented.AsSpan(0, part.Length);
                ReadExactly(_file, Path, MemoryMarshal.AsBytes(words), _data + entry.Offset + ((start + done) * sizeof(ushort)));
                if (!BitConverter.IsLittleEndian) BinaryPrimitives.ReverseEndianness(words, words);
                if (entry.Tensor.Type == WeightType.Float16) TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<ushort, Half>(words), part);
                else WidenBFloat16(words, part);
            }
        }
        finally
        {
            ArrayPool<ushort>.Shared.Return(rented);
        }
    }

    private static void WidenBFloat16(ReadOnlySpan<ushort> words, Span<float> destination)
    {
        for (var i = 0; i < words.Length; i++) destination[i] = BitConverter.UInt32BitsToSingle((uint)words[i] << 16);
    }

    private static void ReadExactly(SafeFileHandle file, string path, Span<byte> destination, long offset)
    {
        try
        {
            while (destination.Length > 0)
            {
                var read = RandomAccess.Read(file, destination, offset);
                if (read == 0) throw new DataFormatException(path, "the file was cut short while it was read.");
                destination = destination[read..];
                offset += read;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataFormatException(path, $"the file can't be read: {e.Message}");
        }
    }
}
