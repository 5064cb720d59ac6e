using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace OrleansPs.Protocol;

/// <summary>
/// Numbers that their owner lends to a connection: they are sent from where they lie. The owner may take them back at any time; then what is not sent yet is
/// copied into the room that their message has for them, and nobody reads the owner's memory any more.
/// </summary>
/// <remarks>Thread safe. The owner waits for no more than the socket takes at once without waiting, at most <see cref="MostAtOnce"/>.</remarks>
internal sealed class Loan(ReadOnlyMemory<float> numbers)
{
    /// <summary>The most bytes that are sent while the owner would have to wait.</summary>
    internal const int MostAtOnce = 1 << 20;

    private readonly Lock _lock = new();
    private ReadOnlyMemory<float> _numbers = numbers;
    private Memory<byte> _room;
    private int _sent;
    private State _state;
    private volatile bool _isWanted;

    private enum State
    {
        Lent,
        TakenBack,
        Over,
    }

    /// <summary>How many bytes they are.</summary>
    public int Bytes { get; } = numbers.Length * sizeof(float);

    /// <summary>Says where their room is, before anything else is done.</summary>
    public void Take(Memory<byte> room) => _room = room;

    /// <summary>Copies some of them into their room.</summary>
    public void Copy(int start, int end)
    {
        lock (_lock)
            if (_state == State.Lent) MemoryMarshal.AsBytes(_numbers.Span)[start..end].CopyTo(_room.Span[start..end]);
    }

    /// <summary>Sends as many as the socket takes without waiting.</summary>
    /// <param name="socket">The socket, which does not block.</param>
    /// <param name="start">From which byte on; what is before it is sent.</param>
    /// <param name="end">Up to which byte.</param>
    /// <param name="sent">How many bytes it took.</param>
    /// <returns>False if they were taken back: all that is not sent is in their room.</returns>
    /// <exception cref="SocketException">The connection is broken.</exception>
    public bool TrySend(Socket socket, int start, int end, out int sent)
    {
        lock (_lock)
        {
            sent = 0;
            // A lock is not fair: the owner might wait until all is sent.
            if (_isWanted) MoveToRoom();
            if (_state != State.Lent) return false;
            var part = MemoryMarshal.AsBytes(_numbers.Span)[start..Math.Min(end, start + MostAtOnce)];
            sent = socket.Send(part, SocketFlags.None, out var error);
            if (error is not (SocketError.Success or SocketError.WouldBlock or SocketError.NoBufferSpaceAvailable)) throw new SocketException((int)error);
            _sent = start + sent;
            return true;
        }
    }

    /// <summary>Takes them back: when this returns nobody reads the owner's memory any more.</summary>
    public void TakeBack()
    {
        _isWanted = true;
        lock (_lock) MoveToRoom();
    }

    /// <summary>All is sent, or never will be: the room is somebody else's from now on.</summary>
    public void End()
    {
        lock (_lock) (_state, _numbers, _room) = (State.Over, default, default);
    }

    private void MoveToRoom()
    {
        if (_state != State.Lent) return;
        MemoryMarshal.AsBytes(_numbers.Span)[_sent..].CopyTo(_room.Span[_sent..]);
        (_state, _numbers) = (State.TakenBack, default);
    }
}
