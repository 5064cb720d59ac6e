namespace OrleansPs.Grains;

/// <summary>Puts together what comes in pieces, in order; a piece that comes twice is harmless.</summary>
internal sealed class StateBuffer(int total)
{
    private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(total);
    private int _filled;

    /// <summary>The whole.</summary>
    /// <exception cref="ServerUnavailableException">Something is missing.</exception>
    public ReadOnlySpan<byte> Bytes => _filled == _bytes.Length ? _bytes
        : throw new ServerUnavailableException($"Of a block's state {_filled} bytes of {_bytes.Length} came.");

    public bool TryAdd(int offset, int totalBytes, ReadOnlySpan<byte> piece)
    {
        if (totalBytes != _bytes.Length || offset < 0 || offset > _filled || piece.Length > _bytes.Length - offset) return false;
        piece.CopyTo(_bytes.AsSpan(offset));
        _filled = Math.Max(_filled, offset + piece.Length);
        return true;
    }
}
