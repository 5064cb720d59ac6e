using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace OrleansPs.Client;

/// <summary>
/// Residuals as bytes, little-endian: "OPSR", version, rank, step, model name, how many parameters; for each its name, its length and its floats; SHA-256 of
/// all before. A name is its length in bytes and UTF-8.
/// </summary>
internal sealed class ResidualFile(GradientEncoder encoder, string model, int rank)
{
    private const int Magic = 0x5253504f;
    private const int Version = 1;
    private const int PartFloats = 16 << 10;

    /// <summary>Writes the kept residuals, which are those of the beginning of a step.</summary>
    /// <exception cref="WorkerStateException">They changed meanwhile.</exception>
    public async Task SaveAsync(Stream destination, int version, long step, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await WriteAsync(destination, hash, Head(step), cancellationToken).ConfigureAwait(false);
        var floats = ArrayPool<float>.Shared.Rent(PartFloats);
        var bytes = ArrayPool<byte>.Shared.Rent(PartFloats * sizeof(float));
        try
        {
            foreach (var parameter in encoder.WithResidual)
            {
                await WriteAsync(destination, hash, Title(parameter), cancellationToken).ConfigureAwait(false);
                for (var start = 0; start < parameter.Length; start += PartFloats)
                {
                    var part = floats.AsMemory(0, Math.Min(PartFloats, parameter.Length - start));
                    if (!encoder.TryRead(version, parameter, start, part.Span))
                        throw new WorkerStateException("The step ended while its residuals were saved.");
                    MemoryMarshal.AsBytes(part.Span).CopyTo(bytes);
                    await WriteAsync(destination, hash, bytes.AsMemory(0, part.Length * sizeof(float)), cancellationToken).ConfigureAwait(false);
                }
            }
            await destination.WriteAsync(hash.GetHashAndReset(), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<float>.Shared.Return(floats);
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    /// <summary>Reads residuals of the beginning of a step. What is expected stands fixed before it is read, so memory is taken for nothing else.</summary>
    /// <exception cref="ResidualsException">They are damaged or not the expected ones.</exception>
    public async Task<float[][]> LoadAsync(Stream source, long step, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await ExpectAsync(source, hash, Head(step), "rank, step or model", $"rank {rank}, step {step}, model '{model}'", cancellationToken).ConfigureAwait(false);
        var residuals = new float[encoder.WithResidual.Count][];
        var bytes = ArrayPool<byte>.Shared.Rent(PartFloats * sizeof(float));
        try
        {
            for (var i = 0; i < residuals.Length; i++)
            {
                var parameter = encoder.WithResidual[i];
                await ExpectAsync(source, hash, Title(parameter), "parameters", $"parameter '{parameter.Name}' of {parameter.Length} elements here", cancellationToken)
                    .ConfigureAwait(false);
                residuals[i] = new float[parameter.Length];
                await ReadAsync(source, hash, residuals[i], bytes, cancellationToken).ConfigureAwait(false);
            }
            var sum = hash.GetHashAndReset();
            await FillAsync(source, bytes.AsMemory(0, sum.Length), cancellationToken).ConfigureAwait(false);
            if (!sum.AsSpan().SequenceEqual(bytes.AsSpan(0, sum.Length))) throw Bad("their checksum is wrong.");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
        if (!residuals.All(r => r.AsSpan().IndexOfAnyExceptInRange(float.MinValue, float.MaxValue) < 0)) throw Bad("there is a number that is not finite.");
        return residuals;
    }

    private byte[] Head(long step) =>
        [.. Bytes(Magic), .. Bytes(Version), .. Bytes(rank), .. BitConverter.GetBytes(step), .. Text(model), .. Bytes(encoder.WithResidual.Count)];

    private static byte[] Title(DenseParameter parameter) => [.. Text(parameter.Name), .. Bytes(parameter.Length)];

    private static byte[] Text(string text) => [.. Bytes(Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)];

    private static byte[] Bytes(int number) => BitConverter.GetBytes(number);

    private static async Task WriteAsync(Stream destination, IncrementalHash hash, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        hash.AppendData(bytes.Span);
        await destination.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
    }

    private async Task ExpectAsync(
        Stream source, IncrementalHash hash, byte[] expected, string what, string here, CancellationToken cancellationToken)
    {
        var bytes = new byte[expected.Length];
        await FillAsync(source, bytes, cancellationToken).ConfigureAwait(false);
        if (!bytes.AsSpan().SequenceEqual(expected)) throw Bad($"they are of another version, or of another {what}; it is {here}.");
        hash.AppendData(bytes);
    }

    private async Task ReadAsync(Stream source, IncrementalHash hash, float[] residual, byte[] bytes, CancellationToken cancellationToken)
    {
        for (var start = 0; start < residual.Length; start += PartFloats)
        {
            var count = Math.Min(PartFloats, residual.Length - start);
            var part = bytes.AsMemory(0, count * sizeof(float));
            await FillAsync(source, part, cancellationToken).ConfigureAwait(false);
            hash.AppendData(part.Span);
            part.Span.CopyTo(MemoryMarshal.AsBytes(residual.AsSpan(start, count)));
        }
    }

    private async Task FillAsync(Stream source, Memory<byte> bytes, CancellationToken cancellationToken)
    {
        if (await source.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false) < bytes.Length)
            throw Bad("they end too early.");
    }

    private ResidualsException Bad(string problem) => new(model, rank, problem);
}
