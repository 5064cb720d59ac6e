using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace OrleansPs.Training;

/// <summary>
/// Weights in files of the safetensors format, as many tools of the field read and write them: eight bytes with the
/// header's length, a JSON header, then the elements, all little-endian. Float32 only.
/// </summary>
public static class Safetensors
{
    /// <summary>Writes tensors to a file: whole or not at all, over one that exists.</summary>
    /// <param name="path">The file.</param>
    /// <param name="parameters">Names and shapes, in the order of the file.</param>
    /// <param name="values">The elements of each of them.</param>
    /// <exception cref="UnknownParameterException">A parameter has no values.</exception>
    /// <exception cref="ShapeMismatchException">A parameter's values are not as many as its shape says.</exception>
    /// <exception cref="IOException">The file can't be written; the message names it.</exception>
    public static void Save(string path, IReadOnlyList<DenseParameter> parameters, TensorSet values)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(values);
        foreach (var parameter in parameters) CheckLength(parameter, values);
        // A name that is nobody else's: two that save at once do not write into each other's file.
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            SaveTo(temporary, parameters, values);
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{path}: the file can't be written: {e.Message}", e);
        }
        finally
        {
            TryDelete(temporary);
        }
    }

    /// <summary>Reads what a file holds, without its elements.</summary>
    /// <exception cref="DataFormatException">The file is missing, unreadable or damaged, or holds other types than float32.</exception>
    public static IReadOnlyList<SafetensorsEntry> ReadEntries(string path)
    {
        using var file = Open(path);
        return ReadEntries(file, path, out _);
    }

    /// <summary>Reads tensors into the caller's memory. What else the file holds is left alone.</summary>
    /// <param name="path">The file.</param>
    /// <param name="parameters">Names and shapes to read.</param>
    /// <param name="destinations">Where the elements of each of them go.</param>
    /// <exception cref="DataFormatException">The file is bad, lacks a parameter, or holds it in another shape; nothing is read.</exception>
    public static void Load(string path, IReadOnlyList<DenseParameter> parameters, TensorSet destinations)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(destinations);
        foreach (var parameter in parameters) CheckLength(parameter, destinations);
        using var file = Open(path);
        var entries = ReadEntries(file, path, out var data).ToDictionary(e => e.Name, StringComparer.Ordinal);
        foreach (var parameter in parameters) CheckEntry(path, parameter, entries.GetValueOrDefault(parameter.Name));
        foreach (var parameter in parameters)
        {
            file.Position = data + entries[parameter.Name].Offset;
            ReadFloats(file, destinations[parameter.Name].Span);
        }
    }

    private static void SaveTo(string path, IReadOnlyList<DenseParameter> parameters, TensorSet values)
    {
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
        Write(file, parameters, values);
        file.Flush(flushToDisk: true);
    }

    // Where it can't be removed either, why it was not written is the error to tell.
    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }

    private static void Write(FileStream file, IReadOnlyList<DenseParameter> parameters, TensorSet values)
    {
        var header = SafetensorsHeader.Write(parameters);
        Span<byte> length = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
        file.Write(length);
        file.Write(header);
        foreach (var parameter in parameters) WriteFloats(file, values[parameter.Name].Span);
    }

    private static void WriteFloats(FileStream file, ReadOnlySpan<float> values)
    {
        if (BitConverter.IsLittleEndian)
        {
            file.Write(MemoryMarshal.AsBytes(values));
            return;
        }
        Span<byte> bytes = stackalloc byte[sizeof(float)];
        foreach (var value in values)
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
            file.Write(bytes);
        }
    }

    private static void ReadFloats(FileStream file, Span<float> target)
    {
        file.ReadExactly(MemoryMarshal.AsBytes(target));
        if (BitConverter.IsLittleEndian) return;
        var words = MemoryMarshal.Cast<float, int>(target);
        BinaryPrimitives.ReverseEndianness(words, words);
    }

    private static FileStream Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            return File.OpenRead(path);
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

    private static IReadOnlyList<SafetensorsEntry> ReadEntries(FileStream file, string path, out long data)
    {
        Span<byte> prefix = stackalloc byte[sizeof(ulong)];
        if (file.ReadAtLeast(prefix, prefix.Length, throwOnEndOfStream: false) < prefix.Length)
            throw new DataFormatException(path, "truncated: the file is shorter than 8 bytes.");
        var length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length > SafetensorsHeader.MaxBytes || (long)length > file.Length - prefix.Length)
            throw new DataFormatException(path, $"the header is said to have {length} bytes; the file has {file.Length}.");
        var header = new byte[length];
        file.ReadExactly(header);
        data = file.Position;
        return SafetensorsHeader.Read(header, path, file.Length - data);
    }

    private static void CheckLength(DenseParameter parameter, TensorSet values)
    {
        var actual = values[parameter.Name].Length;
        if (actual != parameter.Length)
            throw new ShapeMismatchException(parameter.Name, parameter.ShapeText, parameter.Length, actual);
    }

    private static void CheckEntry(string path, DenseParameter parameter, SafetensorsEntry? entry)
    {
        if (entry is null) throw new DataFormatException(path, $"it has no tensor '{parameter.Name}'.");
        if (!entry.Shape.SequenceEqual(parameter.Shape))
            throw new DataFormatException(path,
                $"tensor '{parameter.Name}' has shape [{string.Join(", ", entry.Shape)}], not {parameter.ShapeText}.");
    }
}
