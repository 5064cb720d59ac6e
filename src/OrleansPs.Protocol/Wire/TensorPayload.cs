using System.Buffers;
using OrleansPs.Core.Messages;

namespace OrleansPs.Protocol;

/// <summary>
/// The numbers of one message: pieces of a block, each as many floats as its segment is long. Owns one pooled buffer, which goes
/// back to the pool when the payload is written to a connection, or disposed, whichever comes first.
/// </summary>
/// <remarks>
/// A message that Orleans sends a second time finds its payload spent and arrives without one; whoever receives it asks for
/// it again. So no buffer is ever read after it was given back. <see cref="Dispose"/> is thread safe and may be called twice;
/// everything else is for one thread at a time.
/// </remarks>
[Immutable]
public sealed class TensorPayload : IDisposable
{
    private readonly SegmentSlice[] _slices;
    private float[]? _floats;

    private TensorPayload(float[] floats, SegmentSlice[] slices, int length)
    {
        _floats = floats;
        _slices = slices;
        Length = length;
    }

    /// <summary>The pieces, ascending by segment. They must not be used after the payload was disposed or sent.</summary>
    public ReadOnlyMemory<SegmentSlice> Slices => _slices;

    /// <summary>Floats in all pieces.</summary>
    public int Length { get; }

    /// <summary>A payload with a copy of pieces.</summary>
    public static TensorPayload CopyOf(ReadOnlySpan<SegmentSlice> slices)
    {
        var lengths = new (int Segment, int Length)[slices.Length];
        for (var i = 0; i < slices.Length; i++) lengths[i] = (slices[i].Segment, slices[i].Values.Length);
        var payload = Rent(lengths);
        for (var i = 0; i < slices.Length; i++) slices[i].Values.CopyTo(payload._slices[i].Values);
        return payload;
    }

    /// <summary>A payload with room for pieces, whose numbers are undefined.</summary>
    /// <param name="pieces">The segments with their lengths.</param>
    public static TensorPayload Rent(ReadOnlySpan<(int Segment, int Length)> pieces)
    {
        var length = 0;
        foreach (var piece in pieces) length = checked(length + piece.Length);
        var floats = ArrayPool<float>.Shared.Rent(length);
        var slices = new SegmentSlice[pieces.Length];
        for (int i = 0, at = 0; i < slices.Length; at += pieces[i].Length, i++)
            slices[i] = new(pieces[i].Segment, floats.AsMemory(at, pieces[i].Length));
        return new(floats, slices, length);
    }

    /// <summary>Copies the pieces to others of the same segments and lengths.</summary>
    /// <returns>False if they are not the same; then nothing was copied.</returns>
    public bool TryCopyTo(ReadOnlySpan<SegmentSlice> destination)
    {
        if (destination.Length != _slices.Length) return false;
        for (var i = 0; i < _slices.Length; i++)
            if (destination[i].Segment != _slices[i].Segment || destination[i].Values.Length != _slices[i].Values.Length) return false;
        for (var i = 0; i < _slices.Length; i++) _slices[i].Values.CopyTo(destination[i].Values);
        return true;
    }

    /// <summary>Gives the buffer back.</summary>
    public void Dispose()
    {
        if (Take() is { } floats) ArrayPool<float>.Shared.Return(floats);
    }

    /// <summary>Takes the buffer, once; null if it was given back already.</summary>
    internal float[]? Take() => Interlocked.Exchange(ref _floats, null);
}
