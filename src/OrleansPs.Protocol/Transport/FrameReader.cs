using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using OrleansPs.Client;

namespace OrleansPs.Protocol;

/// <summary>
/// The bytes that come from a socket, always in one piece: a message is received into one buffer however large it is, and read where it
/// lies. An idle connection keeps a small buffer; a large one is taken from the pool for a large message alone. Numbers of a message may be kept
/// where they are: then what comes next goes elsewhere.
/// </summary>
/// <remarks>
/// One reader at a time, as of any pipe. It is canceled once and for all: whoever cancels is about to close the connection.
/// </remarks>
#pragma warning disable CA1001 // A source of cancellation without a timer holds nothing.
internal sealed class FrameReader(Socket socket, long maxFrame) : PipeReader
#pragma warning restore CA1001
{
    /// <summary>What an idle connection keeps.</summary>
    internal const int IdleBytes = 64 << 10;

    // Orleans' messages begin with the lengths of their two parts.
    private const int PrefixBytes = 2 * sizeof(int);

    // Whose bytes this thread reads, if it reads any: Orleans takes a message apart before it waits for more.
    [ThreadStatic]
    private static FrameReader? t_reading;

    private readonly CancellationTokenSource _canceled = new();
    private FrameBuffer _buffer = FrameBuffer.Rent(IdleBytes);
    private int _start;
    private int _examined;
    private int _end;
    private bool _isAtEnd;
    private bool _isCompleted;

    /// <summary>Keeps bytes of the message that the calling thread is reading. The caller becomes an owner of the buffer, and disposes it.</summary>
    /// <returns>False if it reads none, or the bytes are of something else.</returns>
    internal static bool TryKeep(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out FrameBuffer? buffer, out int start)
    {
        (buffer, start) = (null, 0);
        if (t_reading is not { } reader) return false;
        // No two buffers overlap: if these bytes are in it, they are of a message that this very thread has not done with.
        var own = Volatile.Read(ref reader._buffer);
        if (!own.Bytes.AsSpan().Overlaps(bytes, out start) || start < 0 || start + bytes.Length > own.Bytes.Length) return false;
        own.Keep();
        buffer = own;
        return true;
    }

    [AsyncMethodBuilder(typeof(PooledMethodBuilder<>))]
    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (TryRead(out var present)) return present;
        MakeRoom();
        using var linked = cancellationToken.CanBeCanceled
            ? CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _canceled.Token) : null;
        try
        {
            var received = await socket.ReceiveAsync(_buffer.Bytes.AsMemory(_end, RoomBytes()), linked?.Token ?? _canceled.Token).ConfigureAwait(false);
            _end += received;
            _isAtEnd = received == 0;
        }
        catch (OperationCanceledException) when (_canceled.IsCancellationRequested)
        {
        }
        // This side closed the socket.
        catch (Exception e) when (e is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted })
        {
            _isAtEnd = true;
        }
        catch (SocketException e)
        {
            throw new ConnectionResetException(e.Message, e);
        }
        return Present();
    }

    public override bool TryRead(out ReadResult result)
    {
        ObjectDisposedException.ThrowIf(_isCompleted, this);
        result = Present();
        return result.IsCanceled || result.IsCompleted || _end > _examined;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        var present = Present().Buffer;
        var start = _start;
        _start = start + (int)present.Slice(0, consumed).Length;
        _examined = start + (int)present.Slice(0, examined).Length;
    }

    public override void CancelPendingRead() => _canceled.Cancel();

    public override void Complete(Exception? exception = null)
    {
        if (_isCompleted) return;
        _isCompleted = true;
        (_start, _end) = (0, 0);
        Replace(FrameBuffer.None);
    }

    private ReadResult Present()
    {
        t_reading = this;
        return new(new(_buffer.Bytes, _start, _end - _start), _canceled.IsCancellationRequested, _isAtEnd);
    }

    // There is nothing new in the buffer. What there is, is the beginning of one message.
    private void MakeRoom()
    {
        var unread = _end - _start;
        if (unread == 0)
        {
            (_start, _end) = (0, 0);
            if (_buffer.Bytes.Length > IdleBytes || _buffer.IsShared) Move(IdleBytes);
        }
        else if (_end == _buffer.Bytes.Length || (_start > 0 && _buffer.Bytes.Length - _end < IdleBytes / 2))
        {
            Move(Math.Max(unread + (IdleBytes / 2), _start == 0 ? WantedBytes(unread) : 0));
        }
        _examined = _end;
    }

    // Of a large message no more than its end: what comes behind it would have to be moved.
    private int RoomBytes()
    {
        var room = _buffer.Bytes.Length - _end;
        var rest = FrameBytes() - (_end - _start);
        return rest > 0 && _buffer.Bytes.Length > IdleBytes ? (int)Math.Min(room, rest) : room;
    }

    // How long the message is that has begun; 0 if that is not known.
    private long FrameBytes()
    {
        if (_end - _start < PrefixBytes) return 0;
        var prefix = _buffer.Bytes.AsSpan(_start, PrefixBytes);
        return PrefixBytes + (long)BinaryPrimitives.ReadInt32LittleEndian(prefix) + BinaryPrimitives.ReadInt32LittleEndian(prefix[sizeof(int)..]);
    }

    // The whole message if it says how long it is, else twice what there is. A word of length alone buys no more than 32 times what came.
    private int WantedBytes(int unread)
    {
        var twice = (int)Math.Min(2L * unread, Array.MaxLength);
        var frame = FrameBytes();
        return frame > unread && frame <= maxFrame ? (int)Math.Min(frame, 32L * unread) : twice;
    }

    private void Move(int bytes)
    {
        var unread = _buffer.Bytes.AsSpan(_start, _end - _start);
        if (bytes <= _buffer.Bytes.Length && !unread.IsEmpty && !_buffer.IsShared)
        {
            unread.CopyTo(_buffer.Bytes);
        }
        else
        {
            var next = FrameBuffer.Rent(bytes);
            unread.CopyTo(next.Bytes);
            Replace(next);
        }
        (_start, _end) = (0, unread.Length);
    }

    // First the new one is seen: a thread that still takes this reader for its own must not find memory in it that the pool has given to another.
    private void Replace(FrameBuffer next)
    {
        var last = _buffer;
        Volatile.Write(ref _buffer, next);
        last.Dispose();
    }
}
