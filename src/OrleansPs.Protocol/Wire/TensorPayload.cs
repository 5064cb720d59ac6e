using System.Buffers;
using OrleansPs.Core.Messages;

namespace OrleansPs.Protocol;

/// <summary>
/// The numbers of one message: pieces of a block, each as many floats as its segment is long. Holds their memory, its own from the pool or a
/// lease on somebody's, and gives it back when the payload is written to a connection, or disposed, whichever comes first.
/// </summary>
/// <remarks>
/// A message that Orleans sends a second time finds its payload spent and arrives without one; whoever receives it asks for
/// it again. So no buffer is ever read after it was given back. <see cref="Dispose"/> is thread safe and may be called twice;
/// everything else is for one thread at a time.
/// </remarks>
[Immutable]
public sealed class TensorPayload : IDisposable
{
    private readonly float[]? _floats;
    private readonly IDisposable? _lease;
    private int _isSpent;

    private TensorPayload(ReadOnlyMemory<SegmentSlice> slices, int length, float[]? floats, IDisposable? lease) =>
        (Slices, Length, _floats, _lease) = (slices, length, floats, lease);

    /// <summary>The pieces, ascending by segment. They must not be used after the payload was disposed or sent.</summary>
    public ReadOnlyMemory<SegmentSlice> Slices { get; }

    /// <summary>Floats in all pieces.</summary>
    public int Length { get; }

    /// <summary>A payload with a copy of pieces.</summary>
    public static TensorPayload CopyOf(ReadOnlySpan<SegmentSlice> slices)
    {
        var lengths = new (int Segment, int Length)[slices.Length];
        for (var i = 0; i < slices.Length; i++) lengths[i] = (slices[i].Segment, slices[i].Values.Length);
        var payload = Rent(lengths);
        var copies = payload.Slices.Span;
        for (var i = 0; i < slices.Length; i++) slices[i].Values.CopyTo(copies[i].Values);
        return payload;
    }

    /// <summary>A payload of pieces that lie in somebody's memory, and stay there unchanged until the lease is disposed.</summary>
    public static TensorPayload Over(ReadOnlyMemory<SegmentSlice> slices, IDisposable lease)
    {
        var length = 0;
        foreach (var slice in slices.Span) length = checked(length + slice.Values.Length);
        return new(slices, length, null, lease);
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
        return new(slices, length, floats, null);
    }

    /// <summary>Copies the pieces to others of the same segments and lengths.</summary>
    /// <returns>False if they are not the same; then nothing was copied.</returns>
    public bool TryCopyTo(ReadOnlySpan<SegmentSlice> destination)
    {
        var slices = Slices.Span;
        if (destination.Length != slices.Length) return false;
        for (var i = 0; i < slices.Length; i++)
            if (destination[i].Segment != slices[i].Segment || destination[i].Values.Length != slices[i].Values.Length) return false;
        for (var i = 0; i < slices.Length; i++) slices[i].Values.CopyTo(destination[i].Values);
        return true;
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        if (TryTake()) GiveBack();
    }

    /// <summary>Takes the memory, once: who took it gives it back. False if it was taken already.</summary>
    internal bool TryTake() => Interlocked.Exchange(ref _isSpent, 1) == 0;

    /// <summary>Gives back what was taken.</summary>
    internal void GiveBack()
    {
        if (_floats is not null) ArrayPool<float>.Shared.Return(_floats);
        _lease?.Dispose();
    }
}
