using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using OrleansPs.Client;

namespace OrleansPs.Protocol;

/// <summary>
/// The bytes that come from a socket, always in one piece: a message is received into one buffer however large it is, and read where it
/// lies. An idle connection keeps a small buffer; a large one is taken from the pool for a large message alone.
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

    private readonly CancellationTokenSource _canceled = new();
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(IdleBytes);
    private int _start;
    private int _examined;
    private int _end;
    private bool _isAtEnd;
    private bool _isCompleted;

    [AsyncMethodBuilder(typeof(PooledMethodBuilder<>))]
    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (TryRead(out var present)) return present;
        MakeRoom();
        using var linked = cancellationToken.CanBeCanceled
            ? CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _canceled.Token) : null;
        try
        {
            var received = await socket.ReceiveAsync(_buffer.AsMemory(_end), linked?.Token ?? _canceled.Token).ConfigureAwait(false);
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
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private ReadResult Present() => new(new(_buffer, _start, _end - _start), _canceled.IsCancellationRequested, _isAtEnd);

    // There is nothing new in the buffer. What there is, is the beginning of one message.
    private void MakeRoom()
    {
        var unread = _end - _start;
        if (unread == 0)
        {
            (_start, _end) = (0, 0);
            if (_buffer.Length > IdleBytes) Move(IdleBytes);
        }
        else if (_end == _buffer.Length || (_start > 0 && _buffer.Length - _end < IdleBytes / 2))
        {
            Move(Math.Max(unread + (IdleBytes / 2), _start == 0 ? WantedBytes(unread) : 0));
        }
        _examined = _end;
    }

    // The whole message if it says how long it is, else twice what there is. A word of length alone buys no more than 32 times what came.
    private int WantedBytes(int unread)
    {
        var twice = (int)Math.Min(2L * unread, Array.MaxLength);
        if (unread < PrefixBytes) return twice;
        var prefix = _buffer.AsSpan(_start, PrefixBytes);
        var frame = PrefixBytes + (long)BinaryPrimitives.ReadInt32LittleEndian(prefix)
            + BinaryPrimitives.ReadInt32LittleEndian(prefix[sizeof(int)..]);
        return frame > unread && frame <= maxFrame ? (int)Math.Min(frame, 32L * unread) : twice;
    }

    private void Move(int bytes)
    {
        var unread = _buffer.AsSpan(_start, _end - _start);
        if (bytes <= _buffer.Length && !unread.IsEmpty)
        {
            unread.CopyTo(_buffer);
        }
        else
        {
            var next = ArrayPool<byte>.Shared.Rent(bytes);
            unread.CopyTo(next);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = next;
        }
        (_start, _end) = (0, unread.Length);
    }
}
