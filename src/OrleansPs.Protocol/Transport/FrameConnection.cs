using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace OrleansPs.Protocol;

/// <summary>A connection of Orleans that reads from its socket and writes to it without anything between.</summary>
internal sealed class FrameConnection : DefaultConnectionContext, IDuplexPipe
{
    private readonly Socket _socket;
    private readonly CancellationTokenSource _closed = new();
    private int _isAborted;

    public FrameConnection(Socket socket, long maxFrame) : base(Guid.NewGuid().ToString("n"))
    {
        _socket = socket;
        (Input, Output) = (new FrameReader(socket, maxFrame), new FrameWriter(socket));
        (LocalEndPoint, RemoteEndPoint) = (socket.LocalEndPoint, socket.RemoteEndPoint);
        ConnectionClosed = _closed.Token;
        Transport = this;
    }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    public override void Abort(ConnectionAbortedException abortReason)
    {
        if (Interlocked.Exchange(ref _isAborted, 1) != 0) return;
        _socket.Dispose();
        ThreadPool.UnsafeQueueUserWorkItem(static closed => closed.Cancel(), _closed, preferLocal: false);
    }

    public override ValueTask DisposeAsync()
    {
        _socket.Dispose();
        return base.DisposeAsync();
    }
}
