using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;

namespace OrleansPs.Training;

/// <summary>Writes weights to files of the safetensors format, as float32, and reads them into memory; see <see cref="SafetensorsFile"/>.</summary>
public static class Safetensors
{
    private const int AtOnce = 1 << 16;

    private static readonly IReadOnlyDictionary<string, string> s_noMetadata = new Dictionary<string, string>();

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
        // Memory makes nobody wait, so this has ended when it returns.
        SaveAsync(path, new TensorWeights(parameters, values)).GetAwaiter().GetResult();
    }

    /// <summary>
    /// Writes tensors to a file, piece by piece: whole or not at all, over one that exists. Floats are written as float32, whole
    /// numbers of 64 bits as they are, and what is neither is left out.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="weights">The tensors, in the order of the file.</param>
    /// <param name="metadata">What the file is to say of itself; null for nothing more than its format.</param>
    /// <param name="cancellationToken">Gives up; a file that exists stays as it was.</param>
    /// <exception cref="DataFormatException">A tensor has a name that a file can't hold.</exception>
    /// <exception cref="IOException">The file can't be written; the message names it.</exception>
    public static async Task SaveAsync(
        string path, IWeightSource weights, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(weights);
        // A name that is nobody else's: two that save at once do not write into each other's file.
        var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            await SaveToAsync(temporary, path, weights, metadata ?? s_noMetadata, cancellationToken).ConfigureAwait(false);
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

    /// <summary>Writes the parameters at a cut to a file, as <see cref="SaveAsync"/> does; its metadata says which model and cut it was.</summary>
    /// <param name="path">The file.</param>
    /// <param name="server">The server.</param>
    /// <param name="model">The model, which need not be alive.</param>
    /// <param name="cut">The cut; null for the newest.</param>
    /// <param name="cancellationToken">Gives up; a file that exists stays as it was.</param>
    /// <returns>Which snapshot it was.</returns>
    /// <exception cref="SnapshotNotFoundException">There is no such cut.</exception>
    /// <exception cref="SnapshotCorruptException">The cut is damaged.</exception>
    /// <exception cref="IOException">The file can't be written; the message names it.</exception>
    public static async Task<SnapshotInfo> SaveSnapshotAsync(
        string path, IParameterServer server, string model, long? cut = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(server);
        var weights = await server.OpenSnapshotAsync(model, cut, cancellationToken).ConfigureAwait(false);
        var snapshot = weights.Snapshot;
        await SaveAsync(path, weights, new Dictionary<string, string>
        {
            ["model"] = snapshot.Model,
            ["cut"] = snapshot.Cut.ToString(CultureInfo.InvariantCulture),
            ["generation"] = snapshot.Generation.ToString(CultureInfo.InvariantCulture),
            ["round"] = snapshot.Round.ToString(CultureInfo.InvariantCulture),
            ["taken_at"] = snapshot.TakenAt.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        }, cancellationToken).ConfigureAwait(false);
        return snapshot;
    }

    /// <summary>Reads tensors into the caller's memory. What else the file holds is left alone.</summary>
    /// <param name="path">The file.</param>
    /// <param name="parameters">Names and shapes to read.</param>
    /// <param name="destinations">Where the elements of each of them go.</param>
    /// <exception cref="DataFormatException">
    /// The file is bad, lacks a parameter, or holds it in another shape or in a type that is not read; nothing is read.
    /// </exception>
    public static void Load(string path, IReadOnlyList<DenseParameter> parameters, TensorSet destinations)
    {
        // What is asked of the destinations is what is asked of values.
        _ = new TensorWeights(parameters, destinations);
        using var file = SafetensorsFile.Open(path);
        var tensors = file.Tensors.ToDictionary(t => t.Name, StringComparer.Ordinal);
        foreach (var parameter in parameters) CheckTensor(path, parameter, tensors.GetValueOrDefault(parameter.Name));
        foreach (var parameter in parameters) file.Read(parameter.Name, 0, destinations[parameter.Name].Span);
    }

    private static async Task SaveToAsync(
        string temporary, string path, IWeightSource weights, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken)
    {
        WeightTensor[] tensors = [.. weights.Tensors.Where(t => t.Type != WeightType.Other)];
        if (tensors.Any(t => t.Name == SafetensorsHeader.MetadataName))
            throw new DataFormatException(path, $"no tensor can be called '{SafetensorsHeader.MetadataName}' in it.");
        if (tensors.CountBy(t => t.Name).FirstOrDefault(n => n.Value > 1).Key is { } twice)
            throw new DataFormatException(path, $"there would be two tensors '{twice}' in it.");
        using var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write);
        WriteHeader(file, SafetensorsHeader.Write(tensors, metadata));
        foreach (var tensor in tensors)
        {
            await (tensor.Type == WeightType.Int64
                ? WriteAsync<long>(file, tensor, weights.ReadKeysAsync, cancellationToken)
                : WriteAsync<float>(file, tensor, weights.ReadAsync, cancellationToken)).ConfigureAwait(false);
        }
        file.Flush(flushToDisk: true);
    }

    private static void WriteHeader(FileStream file, byte[] header)
    {
        Span<byte> length = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
        file.Write(length);
        file.Write(header);
    }

    private static async Task WriteAsync<T>(
        FileStream file, WeightTensor tensor, Func<string, long, Memory<T>, CancellationToken, ValueTask> readAsync, CancellationToken cancellationToken)
        where T : unmanaged
    {
        var buffer = ArrayPool<T>.Shared.Rent((int)Math.Min(AtOnce, tensor.Length));
        try
        {
            for (var start = 0L; start < tensor.Length; start += AtOnce)
            {
                var part = buffer.AsMemory(0, (int)Math.Min(AtOnce, tensor.Length - start));
                await readAsync(tensor.Name, start, part, cancellationToken).ConfigureAwait(false);
                if (!BitConverter.IsLittleEndian) Reverse(part.Span);
                file.Write(MemoryMarshal.AsBytes(part.Span));
            }
        }
        finally
        {
            ArrayPool<T>.Shared.Return(buffer);
        }
    }

    private static void Reverse<T>(Span<T> values)
        where T : unmanaged
    {
        if (typeof(T) == typeof(long)) BinaryPrimitives.ReverseEndianness(MemoryMarshal.Cast<T, long>(values), MemoryMarshal.Cast<T, long>(values));
        else BinaryPrimitives.ReverseEndianness(MemoryMarshal.Cast<T, int>(values), MemoryMarshal.Cast<T, int>(values));
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

    private static void CheckTensor(string path, DenseParameter parameter, WeightTensor? tensor)
    {
        if (tensor is null) throw new DataFormatException(path, $"it has no tensor '{parameter.Name}'.");
        if (!tensor.Shape.SequenceEqual(parameter.Shape.Select(d => (long)d)))
            throw new DataFormatException(path, $"tensor '{parameter.Name}' has shape {tensor.ShapeText}, not {parameter.ShapeText}.");
        if (!tensor.IsFloat)
            throw new DataFormatException(path, $"tensor '{parameter.Name}' is of a type that is not read: only F32, F16 and BF16 are.");
    }
}
