using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using OrleansPs.Core.Compression;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;

namespace OrleansPs.Protocol;

/// <summary>
/// The numbers of one message: pieces of a block, each as many floats as its segment is long, or rows of a table with their keys. Holds their memory, its own from the pool or a
/// lease on somebody's, and gives it back when the payload is written to a connection, or disposed, whichever comes first.
/// </summary>
/// <remarks>
/// A message that Orleans sends a second time finds its payload spent and arrives without one; whoever receives it asks for
/// it again. So no buffer is ever read after it was given back. <see cref="Dispose"/> is thread safe and may be called twice;
/// everything else is for one thread at a time.
/// <para>
/// Gradients may be encoded: the pieces have codes then, and no floats. So they travel on, too, until the block has found them to be codes of its
/// segments and calls <see cref="Decode"/>: a few bytes may claim to be many floats. So may what a pull is answered with: who asked decodes it into memory of his own.
/// </para>
/// </remarks>
[Immutable]
public sealed class TensorPayload : IDisposable
{
    private const int Taken = 1;
    private const int Returned = 2;

    private readonly long[]? _keys;
    private IDisposable? _lease;
    private float[]? _floats;
    private byte[]? _codes;
    private Loan? _loan;
    private bool _isBorrowed;
    private int _start;
    private int _state;

    private TensorPayload(ReadOnlyMemory<SegmentSlice> slices, int length, int keyCount, float[]? floats, long[]? keys, IDisposable? lease) =>
        (Slices, Length, KeyCount, _floats, _keys, _lease) = (slices, length, keyCount, floats, keys, lease);

    /// <summary>The pieces, ascending by segment. They must not be used after the payload was disposed or sent.</summary>
    public ReadOnlyMemory<SegmentSlice> Slices { get; private set; }

    /// <summary>Floats in all pieces; 0 as long as they are encoded.</summary>
    public int Length { get; private set; }

    /// <summary>Whether pieces are encoded.</summary>
    public bool IsEncoded => HasCodes(Slices.Span);

    /// <summary>Keys in all pieces; 0 if none is of a table.</summary>
    public int KeyCount { get; }

    /// <summary>A payload with a copy of pieces.</summary>
    public static TensorPayload CopyOf(ReadOnlySpan<SegmentSlice> slices)
    {
        if (HasCodes(slices)) return CodesOf(slices);
        var pieces = new PayloadPiece[slices.Length];
        for (var i = 0; i < slices.Length; i++) pieces[i] = new(slices[i].Segment, slices[i].Values.Length, slices[i].Keys.Length);
        var payload = Rent(pieces);
        var copies = payload.Slices.Span;
        for (var i = 0; i < slices.Length; i++)
        {
            slices[i].Values.CopyTo(copies[i].Values);
            slices[i].Keys.CopyTo(MemoryMarshal.AsMemory(copies[i].Keys));
        }
        return payload;
    }

    /// <summary>A payload with a copy of the keys of pieces, and no values: what a pull of rows asks for.</summary>
    public static TensorPayload KeysOf(ReadOnlySpan<SegmentSlice> slices)
    {
        var keys = new SegmentSlice[slices.Length];
        for (var i = 0; i < slices.Length; i++) keys[i] = new(slices[i].Segment, default) { Keys = slices[i].Keys };
        return CopyOf(keys);
    }

    /// <summary>A payload with room for the codes of pieces, whose bytes are undefined.</summary>
    /// <param name="segments">The segments.</param>
    /// <param name="codes">Their codes, of which only the bytes' number counts.</param>
    internal static TensorPayload RentCodes(ReadOnlySpan<int> segments, ReadOnlySpan<CodeLength> codes)
    {
        var bytes = 0;
        foreach (var code in codes) bytes = checked(bytes + code.Bytes);
        var room = ArrayPool<byte>.Shared.Rent(bytes);
        var slices = new SegmentSlice[segments.Length];
        for (int i = 0, at = 0; i < slices.Length; at += codes[i].Bytes, i++)
            slices[i] = new(segments[i], default) { Code = new(codes[i].Mode, codes[i].Floats, room.AsMemory(at, codes[i].Bytes)) };
        return new(slices, 0, 0, null, null, null) { _codes = room };
    }

    /// <summary>A payload with the numbers of pieces, some of which have codes; null if none has.</summary>
    /// <inheritdoc cref="Decode"/>
    /// <param name="slices">The pieces.</param>
    /// <param name="shape">The block.</param>
    internal static TensorPayload? DecodedOf(ReadOnlySpan<SegmentSlice> slices, BlockShape shape)
    {
        if (!HasCodes(slices)) return null;
        var pieces = new PayloadPiece[slices.Length];
        for (var i = 0; i < pieces.Length; i++) pieces[i] = new(slices[i].Segment, slices[i].Length);
        var decoded = Rent(pieces);
        for (var i = 0; i < pieces.Length; i++)
        {
            var values = decoded.Slices.Span[i].Values;
            if (slices[i].Code.IsPresent) slices[i].Code.Decode(shape.Segments[slices[i].Segment].Start, values.Span);
            else slices[i].Values.CopyTo(values);
        }
        return decoded;
    }

    /// <summary>Decodes what came encoded, and gives the codes back.</summary>
    /// <param name="shape">The block, whose segments the pieces are, with their lengths; each code <see cref="SegmentCode.IsCodeAt"/> its segment's start.</param>
    public void Decode(BlockShape shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        if (_codes is null) return;
        var decoded = DecodedOf(Slices.Span, shape)!;
        ArrayPool<byte>.Shared.Return(_codes);
        (Slices, Length, _floats, _lease, _start, _codes) = (decoded.Slices, decoded.Length, decoded._floats, decoded._lease, decoded._start, null);
    }

    /// <summary>A payload of pieces that lie in somebody's memory, and stay there unchanged until the lease is disposed.</summary>
    public static TensorPayload Over(ReadOnlyMemory<SegmentSlice> slices, IDisposable? lease)
    {
        var (length, keys) = (0, 0);
        foreach (var slice in slices.Span) (length, keys) = checked((length + slice.Values.Length, keys + slice.Keys.Length));
        return new(slices, length, keys, null, null, lease);
    }

    /// <summary>A payload whose keys, and behind them floats, lie in a message that was received; it owns the buffer with others.</summary>
    /// <param name="pieces">The segments with their lengths.</param>
    /// <param name="buffer">Where they lie.</param>
    /// <param name="start">Where the first key or float begins.</param>
    internal static TensorPayload InBuffer(ReadOnlySpan<PayloadPiece> pieces, FrameBuffer buffer, int start)
    {
        var (length, count) = CountOf(pieces);
        var keys = count == 0 ? default : new FrameNumbers<long>(buffer, start, count * sizeof(long)).Memory;
        var floats = new FrameNumbers<float>(buffer, start + (count * sizeof(long)), length * sizeof(float)).Memory;
        return new(SlicesOf(pieces, floats, keys), length, count, null, null, buffer) { _start = start };
    }

    /// <summary>
    /// A payload of pieces that lie in the sender's memory, which is the sender's again after <see cref="Withdraw"/>. For messages that are written to a
    /// connection alone: who receives a payload within the process reads it at any time.
    /// </summary>
    public static TensorPayload Borrow(ReadOnlyMemory<SegmentSlice> slices)
    {
        var payload = Over(slices, null);
        payload._isBorrowed = true;
        return payload;
    }

    /// <summary>A payload with room for pieces, whose numbers are undefined.</summary>
    /// <param name="pieces">The segments with their lengths.</param>
    public static TensorPayload Rent(ReadOnlySpan<PayloadPiece> pieces)
    {
        var (length, count) = CountOf(pieces);
        var bytes = BytesOf(length, count);
        // What a connection will not copy is in one of its buffers, and so no array of floats.
        if (bytes >= FrameWriter.LeastAttached && bytes <= Array.MaxLength) return InBuffer(pieces, FrameBuffer.Rent((int)bytes), 0);
        var floats = ArrayPool<float>.Shared.Rent(length);
        var keys = count == 0 ? null : ArrayPool<long>.Shared.Rent(count);
        return new(SlicesOf(pieces, floats, keys), length, count, floats, keys, null);
    }

    /// <summary>Copies the pieces of a pull to others of the same segments and lengths, decoded if they are encoded.</summary>
    /// <returns>False if they are not the same; then nothing was copied.</returns>
    public bool TryCopyTo(ReadOnlySpan<SegmentSlice> destination)
    {
        var slices = Slices.Span;
        if (destination.Length != slices.Length) return false;
        for (var i = 0; i < slices.Length; i++)
        {
            if (destination[i].Segment != slices[i].Segment || destination[i].Values.Length != slices[i].Length) return false;
            if (slices[i].Code.IsPresent && !slices[i].Code.IsCodeAt(0)) return false;
        }
        for (var i = 0; i < slices.Length; i++)
        {
            if (slices[i].Code.IsPresent) slices[i].Code.Decode(0, destination[i].Values.Span);
            else slices[i].Values.CopyTo(destination[i].Values);
        }
        return true;
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        if (TryTake()) GiveBack();
    }

    /// <summary>
    /// Takes borrowed memory back, and waits for a connection that is just writing it: when this returns nobody reads it any more. A payload with memory of
    /// its own stays as it is, for somebody in this process may still have to read it.
    /// </summary>
    public void Withdraw()
    {
        if (!_isBorrowed) return;
        Dispose();
        var spinner = new SpinWait();
        while (Volatile.Read(ref _state) != Returned) spinner.SpinOnce();
        _loan?.TakeBack();
    }

    /// <summary>Lends borrowed numbers, all one piece, to the connection that writes this payload: it sends them later.</summary>
    /// <param name="room">Where they would be written.</param>
    /// <returns>False if they are to be written at once.</returns>
    internal bool TryLend(ReadOnlySpan<byte> room)
    {
        if (!_isBorrowed || Slices.Length != 1) return false;
        var loan = new Loan(Slices.Span[0].Values);
        if (!FrameWriter.TryLend(room, loan)) return false;
        _loan = loan;
        return true;
    }

    /// <summary>The keys and behind them the floats of a payload, if they lie in a buffer as they are to be written.</summary>
    internal bool TryGetBuffer([NotNullWhen(true)] out FrameBuffer? buffer, out int start)
    {
        (buffer, start) = (_lease as FrameBuffer, _start);
        return buffer is not null;
    }

    /// <summary>Takes the memory, once: who took it gives it back. False if it was taken already.</summary>
    internal bool TryTake() => Interlocked.CompareExchange(ref _state, Taken, 0) == 0;

    /// <summary>Gives back what was taken.</summary>
    internal void GiveBack()
    {
        if (_floats is not null) ArrayPool<float>.Shared.Return(_floats);
        if (_codes is not null) ArrayPool<byte>.Shared.Return(_codes);
        if (_keys is not null) ArrayPool<long>.Shared.Return(_keys);
        _lease?.Dispose();
        Volatile.Write(ref _state, Returned);
    }

    /// <summary>The bytes of so many floats and keys.</summary>
    internal static long BytesOf(int floats, int keys) => ((long)keys * sizeof(long)) + ((long)floats * sizeof(float));

    private static (int Floats, int Keys) CountOf(ReadOnlySpan<PayloadPiece> pieces)
    {
        var (length, count) = (0, 0);
        foreach (var piece in pieces) (length, count) = checked((length + piece.Length, count + piece.Keys));
        return (length, count);
    }

    private static SegmentSlice[] SlicesOf(ReadOnlySpan<PayloadPiece> pieces, Memory<float> floats, Memory<long> keys)
    {
        var slices = new SegmentSlice[pieces.Length];
        var (floatAt, keyAt) = (0, 0);
        for (var i = 0; i < slices.Length; i++)
        {
            slices[i] = new(pieces[i].Segment, floats.Slice(floatAt, pieces[i].Length)) { Keys = keys.Slice(keyAt, pieces[i].Keys) };
            (floatAt, keyAt) = (floatAt + pieces[i].Length, keyAt + pieces[i].Keys);
        }
        return slices;
    }

    private static TensorPayload CodesOf(ReadOnlySpan<SegmentSlice> slices)
    {
        var (segments, codes) = (new int[slices.Length], new CodeLength[slices.Length]);
        for (var i = 0; i < slices.Length; i++) (segments[i], codes[i]) = (slices[i].Segment, CodeLength.Of(slices[i]));
        var payload = RentCodes(segments, codes);
        for (var i = 0; i < slices.Length; i++) CodeLength.BytesOf(slices[i]).CopyTo(MemoryMarshal.AsMemory(payload.Slices.Span[i].Code.Bytes).Span);
        return payload;
    }

    private static bool HasCodes(ReadOnlySpan<SegmentSlice> slices)
    {
        foreach (var slice in slices)
            if (slice.Code.IsPresent) return true;
        return false;
    }
}

/// <summary>How large one piece of a payload is.</summary>
/// <param name="Segment">The segment; 0 for a table.</param>
/// <param name="Length">Its floats.</param>
/// <param name="Keys">Its keys; 0 for a dense segment.</param>
public readonly record struct PayloadPiece(int Segment, int Length, int Keys = 0);
