using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OrleansPs.Protocol;

/// <summary>
/// Pooled memory into which a connection receives, or from which it sends. Who reads a message may keep it, so that what is large is used where it
/// arrived; a writer keeps it until it is sent. Whoever lets go last gives it back to the pool.
/// </summary>
/// <remarks>Thread safe.</remarks>
internal sealed class FrameBuffer : IDisposable
{
    /// <summary>No memory.</summary>
    public static readonly FrameBuffer None = new([]);

    private int _owners = 1;

    private FrameBuffer(byte[] bytes) => Bytes = bytes;

    public byte[] Bytes { get; }

    /// <summary>Whether others than its connection keep it. Then nothing that was received may be written over.</summary>
    public bool IsShared => Volatile.Read(ref _owners) > 1;

    public static FrameBuffer Rent(int bytes) => new(ArrayPool<byte>.Shared.Rent(bytes));

    /// <summary>Becomes one more owner. Only while another one is sure not to let go.</summary>
    public void Keep() => Interlocked.Increment(ref _owners);

    /// <summary>Lets go, once for each owner.</summary>
    public void Dispose()
    {
        if (Interlocked.Decrement(ref _owners) == 0) ArrayPool<byte>.Shared.Return(Bytes);
    }
}

/// <summary>Numbers that lie in received bytes, at any address.</summary>
/// <remarks>Valid only while the buffer is kept.</remarks>
internal sealed class FrameNumbers<T>(FrameBuffer buffer, int start, int bytes) : MemoryManager<T>
    where T : unmanaged
{
    public override Span<T> GetSpan() => MemoryMarshal.Cast<byte, T>(buffer.Bytes.AsSpan(start, bytes));

    public override MemoryHandle Pin(int elementIndex = 0) =>
        buffer.Bytes.AsMemory(start, bytes)[(elementIndex * Unsafe.SizeOf<T>())..].Pin();

    public override void Unpin()
    {
        // Its handle does it.
    }

    protected override void Dispose(bool disposing)
    {
    }
}
