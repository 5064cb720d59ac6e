using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Connections;
using OrleansPs.Client;

namespace OrleansPs.Protocol;

/// <summary>
/// Sends what is written to a socket when it is flushed. It always offers room for a whole message, as long as they were so far, so that Orleans
/// writes one in one piece; without that it gathers it from pages of 4 KiB and copies them. Large numbers are not copied into a message: it has empty
/// room in their place, and they are sent from where they lie. Between flushes it takes no memory from the pool.
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

    /// <summary>From how many bytes on it is worth it not to copy numbers.</summary>
    internal const int LeastAttached = 256 << 10;

    // Of lent numbers so many are copied, so that they travel with what is before them: the beginning of a message alone would wake its reader.
    private const int FirstLent = 64 << 10;

    // So many with what is behind them.
    private const int LastLent = 4 << 10;

    // After so many flushes that wrote less than a quarter, less room is offered.
    private const int Patience = 256;

    // Who offered room to this thread last.
    [ThreadStatic]
    private static FrameWriter? t_writing;

    private readonly CancellationTokenSource _canceled = new();
    private readonly List<(byte[] Buffer, int Written)> _full = [];
    private readonly List<Attachment> _attached = [];
    private readonly List<Lent> _lent = [];
    private readonly List<ArraySegment<byte>> _parts = [];
    private byte[] _buffer = [];
    private int _written;
    private int _piece;
    private int _longest;
    private int _flushes;
    private bool _isBroken;
    private bool _isCompleted;

    // What is sent in the place of empty room.
    private readonly record struct Attachment(byte[] Room, int At, FrameBuffer Buffer, int Start, int Length);

    private readonly record struct Lent(byte[] Room, int At, Loan Loan);

    /// <summary>The room that is offered for a message.</summary>
    internal int Room { get; private set; } = LeastBytes;

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => _written + _full.Sum(f => (long)f.Written);

    /// <summary>Lets bytes of a buffer be sent in the place of room that the calling thread was offered and that it is to take, but leaves empty.</summary>
    /// <returns>False if it is room of something else.</returns>
    internal static bool TryAttach(ReadOnlySpan<byte> room, FrameBuffer buffer, int start)
    {
        if (t_writing is not { } writer || !writer.Offers(room, out var own, out var at)) return false;
        buffer.Keep();
        writer._attached.Add(new(own, at, buffer, start, room.Length));
        return true;
    }

    /// <summary>Lets numbers that their owner may take back be sent in the place of such room.</summary>
    /// <returns>False if it is room of something else, or they are fewer than <see cref="LeastAttached"/>.</returns>
    internal static bool TryLend(ReadOnlySpan<byte> room, Loan loan)
    {
        if (room.Length < LeastAttached || room.Length != loan.Bytes) return false;
        if (t_writing is not { } writer || !writer.Offers(room, out var own, out var at)) return false;
        loan.Take(own.AsMemory(at, room.Length));
        writer._lent.Add(new(own, at, loan));
        return true;
    }

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        ObjectDisposedException.ThrowIf(_isCompleted, this);
        t_writing = this;
        DropUntaken();
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
            DropUntaken();
            foreach (var (buffer, written) in _full) await SendAsync(buffer, written, stop).ConfigureAwait(false);
            await SendAsync(_buffer, _written, stop).ConfigureAwait(false);
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

    // Whether room is of the buffer at hand, and not taken yet.
    private bool Offers(ReadOnlySpan<byte> room, out byte[] own, out int at)
    {
        own = Volatile.Read(ref _buffer);
        return own.AsSpan().Overlaps(room, out at) && at >= _written && at + room.Length <= own.Length;
    }

    private async ValueTask SendAsync(byte[] buffer, int written, CancellationToken stop)
    {
        var start = 0;
        foreach (var lent in _lent)
        {
            if (lent.Room != buffer) continue;
            var (first, last) = (FirstLent, lent.Loan.Bytes - LastLent);
            lent.Loan.Copy(0, first);
            await SendAsync(buffer, start, lent.At + first, stop).ConfigureAwait(false);
            await SendLentAsync(lent, first, last, stop).ConfigureAwait(false);
            lent.Loan.Copy(last, lent.Loan.Bytes);
            start = lent.At + last;
        }
        await SendAsync(buffer, start, written, stop).ConfigureAwait(false);
    }

    private ValueTask SendAsync(byte[] buffer, int start, int end, CancellationToken stop)
    {
        CollectParts(buffer, start, end);
        return _parts.Count > 0 ? SendPartsAsync(stop) : SendAsync(buffer.AsMemory(start, end - start), stop);
    }

    // From where they lie, as long as the socket takes them at once; else a copy waits until it does.
    private async ValueTask SendLentAsync(Lent lent, int start, int end, CancellationToken stop)
    {
        while (start < end)
        {
            stop.ThrowIfCancellationRequested();
            if (!lent.Loan.TrySend(socket, start, end, out var sent))
            {
                await SendAsync(lent.Room.AsMemory(lent.At + start, end - start), stop).ConfigureAwait(false);
                return;
            }
            start += sent;
            if (sent > 0) continue;
            var next = Math.Min(start + FirstLent, end);
            lent.Loan.Copy(start, next);
            await SendAsync(lent.Room.AsMemory(lent.At + start, next - start), stop).ConfigureAwait(false);
            start = next;
        }
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken stop)
    {
        while (!bytes.IsEmpty) bytes = bytes[await socket.SendAsync(bytes, stop).ConfigureAwait(false)..];
    }

    // In one call of the system: the beginning of a message alone would wake its reader.
    private async ValueTask SendPartsAsync(CancellationToken stop)
    {
        // There is no other way to end it, and who cancels is about to close it.
        using var ending = stop.UnsafeRegister(static closing => ((Socket)closing!).Dispose(), socket);
        while (_parts.Count > 0) SkipParts(await socket.SendAsync(_parts, SocketFlags.None).ConfigureAwait(false));
    }

    private void CollectParts(byte[] buffer, int start, int end)
    {
        _parts.Clear();
        var done = start;
        foreach (var attached in _attached)
        {
            if (attached.Room != buffer || attached.At < start || attached.At >= end) continue;
            _parts.Add(new(buffer, done, attached.At - done));
            _parts.Add(new(attached.Buffer.Bytes, attached.Start, attached.Length));
            done = attached.At + attached.Length;
        }
        if (_parts.Count > 0 && done < end) _parts.Add(new(buffer, done, end - done));
    }

    private void SkipParts(int sent)
    {
        var whole = 0;
        while (whole < _parts.Count && sent >= _parts[whole].Count) sent -= _parts[whole++].Count;
        _parts.RemoveRange(0, whole);
        if (sent > 0) _parts[0] = _parts[0][sent..];
    }

    // A message that could not be written takes none of its room.
    private void DropUntaken()
    {
        while (_attached.Count > 0 && _attached[^1] is var last && last.Room == _buffer && last.At >= _written)
        {
            last.Buffer.Dispose();
            _attached.RemoveAt(_attached.Count - 1);
        }
        while (_lent.Count > 0 && _lent[^1] is var last && last.Room == _buffer && last.At >= _written)
        {
            last.Loan.End();
            _lent.RemoveAt(_lent.Count - 1);
        }
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
        var (last, written) = (_buffer, _written);
        if (written > 0) _full.Add((last, written));
        Replace(next);
        if (written == 0 && last.Length > 0) ArrayPool<byte>.Shared.Return(last);
    }

    private void Release()
    {
        // Whoever takes numbers back later must find their room gone.
        foreach (var lent in _lent) lent.Loan.End();
        _lent.Clear();
        foreach (var (buffer, _) in _full) ArrayPool<byte>.Shared.Return(buffer);
        _full.Clear();
        foreach (var attached in _attached) attached.Buffer.Dispose();
        _attached.Clear();
        _parts.Clear();
        var last = _buffer;
        Replace([]);
        if (last.Length > 0) ArrayPool<byte>.Shared.Return(last);
    }

    // Before the one so far goes back: a thread that still takes this writer for its own must not find memory in it that the pool has given to another.
    private void Replace(byte[] next)
    {
        _written = 0;
        Volatile.Write(ref _buffer, next);
    }

    private void Settle()
    {
        _piece = 0;
        if (++_flushes < Patience) return;
        if (_longest < Room / 4) Room = Math.Max(LeastBytes, 2 * _longest);
        (_flushes, _longest) = (0, 0);
    }
}
