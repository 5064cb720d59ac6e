using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using OrleansPs.Core.Optimizers;

namespace OrleansPs.Core.Compression;

/// <summary>
/// The random numbers of one push of one parameter, one an element: a keyed hash of the element's index, of 24 bits. Nothing is drawn, so the
/// same push has the same numbers wherever and however often it is encoded.
/// </summary>
/// <remarks>
/// The hash is two rounds of multiply and shift with the constants of lowbias32 (Wellons 2018, "Prospecting for Hash Functions"), with a word of the key before each.
/// </remarks>
/// <param name="First">Added to the index.</param>
/// <param name="Second">Mixed in half-way.</param>
public readonly record struct RoundingKey(uint First, uint Second)
{
    private const uint FirstFactor = 0x7feb352d;
    private const uint SecondFactor = 0x846ca68b;
    private const float Unit = 1f / (1 << 24);

    /// <summary>The key of a push.</summary>
    /// <param name="stream">The parameter's stream, of <see cref="StreamOf"/>.</param>
    /// <param name="rank">Who pushes.</param>
    /// <param name="step">In which step.</param>
    /// <param name="push">How many pushes of the parameter came before in the step.</param>
    public static RoundingKey Of(ulong stream, int rank, long step, int push)
    {
        var key = Initializing.Mix(Initializing.Mix(Initializing.Mix(stream + (uint)rank) + (ulong)step) + (uint)push);
        return new((uint)key, (uint)(key >> 32));
    }

    /// <summary>The stream of a parameter.</summary>
    /// <param name="seed">The model's seed.</param>
    /// <param name="parameter">The parameter's name.</param>
    public static ulong StreamOf(ulong seed, string parameter) => Initializing.Mix(Initializing.StreamOf(seed, parameter));

    /// <summary>An element's number, in [0, 1).</summary>
    internal float At(uint index)
    {
        var x = index + First;
        x = ((x ^ (x >> 16)) * FirstFactor) ^ Second;
        x = (x ^ (x >> 15)) * SecondFactor;
        return (int)((x ^ (x >> 16)) >> 8) * Unit;
    }

    /// <summary>The numbers of eight elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal Vector256<float> At(Vector256<uint> index)
    {
        var x = index + Vector256.Create(First);
        x = ((x ^ (x >> 16)) * Vector256.Create(FirstFactor)) ^ Vector256.Create(Second);
        x = (x ^ (x >> 15)) * Vector256.Create(SecondFactor);
        return Vector256.ConvertToSingle(((x ^ (x >> 16)) >> 8).AsInt32()) * Vector256.Create(Unit);
    }
}
