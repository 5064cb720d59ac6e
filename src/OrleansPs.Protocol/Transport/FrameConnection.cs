using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace OrleansPs.Protocol;

/// <summary>A connection of Orleans that reads from its socket and writes to it without anything between.</summary>
internal sealed class FrameConnection : DefaultConnectionContext, IDuplexPipe
{
    private readonly Socket _socket;
    private readonly CancellationTokenSource _closed = new();
    private int _isClosed;

    public FrameConnection(Socket socket, long maxFrame) : base(Guid.NewGuid().ToString("n"))
    {
        _socket = socket;
        // Some calls send what there is room for; those that are to wait are asynchronous.
        socket.Blocking = false;
        (Input, Output) = (new FrameReader(socket, maxFrame), new FrameWriter(socket));
        (LocalEndPoint, RemoteEndPoint) = (socket.LocalEndPoint, socket.RemoteEndPoint);
        ConnectionClosed = _closed.Token;
        Transport = this;
    }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    public override void Abort(ConnectionAbortedException abortReason) => Close();

    public override ValueTask DisposeAsync()
    {
        Close();
        return base.DisposeAsync();
    }

    private void Close()
    {
        if (Interlocked.Exchange(ref _isClosed, 1) != 0) return;
        try
        {
            // Its peer sees an end rather than a reset.
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is not connected any more.
        }
        finally
        {
            _socket.Dispose();
            ThreadPool.UnsafeQueueUserWorkItem(static closed => Tell(closed), _closed, preferLocal: false);
        }
    }

    private static void Tell(CancellationTokenSource closed)
    {
        try
        {
            closed.Cancel();
        }
        catch (AggregateException)
        {
            // What those do who wanted to know is their own matter.
        }
    }
}
