using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using OrleansPs.Client;

namespace OrleansPs.Protocol;

/// <summary>
/// Sends what is written to a socket when it is flushed. It always offers room for a whole message, as long as they were so far, so that Orleans
/// writes one in one piece; without that it gathers it from pages of 4 KiB and copies them. Between flushes it holds no memory.
/// </summary>
/// <remarks>
/// One writer at a time, as of any pipe. It is canceled once and for all: whoever cancels is about to close the connection.
/// </remarks>
#pragma warning disable CA1001 // A source of cancellation without a timer holds nothing.
internal sealed class FrameWriter(Socket socket) : PipeWriter
#pragma warning restore CA1001
{
    /// <summary>The least room that is offered.</summary>
    internal const int LeastBytes = 16 << 10;

    // After so many flushes that wrote less than a quarter, less room is offered.
    private const int Patience = 256;

    private readonly CancellationTokenSource _canceled = new();
    private readonly List<(byte[] Buffer, int Written)> _full = [];
    private byte[] _buffer = [];
    private int _written;
    private int _piece;
    private int _longest;
    private int _flushes;
    private bool _isBroken;
    private bool _isCompleted;

    /// <summary>The room that is offered for a message.</summary>
    internal int Room { get; private set; } = LeastBytes;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _written + _full.Sum(f => (long)f.Written);

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        ObjectDisposedException.ThrowIf(_isCompleted, this);
        var offered = _buffer.Length - _written;
        // Orleans asks once for a message; a second time for what did not fit behind the piece that did.
        if (sizeHint > offered) Room = (int)Math.Min(Math.Max(Room, (long)_piece + sizeHint), Array.MaxLength);
        if (offered < Math.Max(Room, sizeHint)) Renew(sizeHint);
        return _buffer.AsMemory(_written);
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, _buffer.Length - _written);
        _written += bytes;
        _piece = bytes;
        _longest = Math.Max(_longest, bytes);
    }

    [AsyncMethodBuilder(typeof(PooledMethodBuilder<>))]
    public override async ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        using var linked = cancellationToken.CanBeCanceled
            ? CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _canceled.Token) : null;
        var stop = linked?.Token ?? _canceled.Token;
        try
        {
            if (_isBroken) throw new ConnectionAbortedException("There was no memory to write a whole message.");
            foreach (var (buffer, written) in _full) await SendAsync(buffer.AsMemory(0, written), stop).ConfigureAwait(false);
            await SendAsync(_buffer.AsMemory(0, _written), stop).ConfigureAwait(false);
            return new(_canceled.IsCancellationRequested, isCompleted: false);
        }
        catch (OperationCanceledException) when (_canceled.IsCancellationRequested)
        {
            return new(isCanceled: true, isCompleted: false);
        }
        // Nobody will read any more; why, the connection's reader hears.
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return new(isCanceled: false, isCompleted: true);
        }
        finally
        {
            Release();
            Settle();
        }
    }

    public override void CancelPendingFlush() => _canceled.Cancel();

    public override void Complete(Exception? exception = null)
    {
        _isCompleted = true;
        Release();
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken stop)
    {
        while (!bytes.IsEmpty) bytes = bytes[await socket.SendAsync(bytes, stop).ConfigureAwait(false)..];
    }

    // Without memory for the rest of a message its beginning must not be sent: then the connection ends.
    private void Renew(int least)
    {
        byte[] next;
        try
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(least, Array.MaxLength, "sizeHint");
            next = ArrayPool<byte>.Shared.Rent((int)Math.Min(Room * 3L / 2, Array.MaxLength));
        }
        catch
        {
            _isBroken = UnflushedBytes > 0;
            throw;
        }
        if (_written > 0) _full.Add((_buffer, _written));
        else if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        (_buffer, _written) = (next, 0);
    }

    private void Release()
    {
        foreach (var (buffer, _) in _full) ArrayPool<byte>.Shared.Return(buffer);
        _full.Clear();
        if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        (_buffer, _written) = ([], 0);
    }

    private void Settle()
    {
        _piece = 0;
        if (++_flushes < Patience) return;
        if (_longest < Room / 4) Room = Math.Max(LeastBytes, 2 * _longest);
        (_flushes, _longest) = (0, 0);
    }
}
