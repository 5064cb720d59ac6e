using OrleansPs.Core.Compression;
using OrleansPs.Core.Messages;

namespace OrleansPs.Client;

/// <summary>
/// What one push sends in place of the caller's memory: encoded once, and sent again as it is until it is acknowledged. Where the transport carries no codes
/// its slices have the numbers that the codes stand for, so that blocks take the same in one process.
/// </summary>
/// <remarks>Used again and again for pushes of one plan, by one at a time.</remarks>
internal sealed class EncodedPush
{
    private readonly SegmentSlice[][] _gradients;
    private readonly byte[][] _codes;
    private readonly float[][]? _decoded;
    private int _piece;

    public EncodedPush(TransferPlan plan, bool carriesCodes)
    {
        _gradients = [.. plan.Transfers.Select(t => t.Gradient.ToArray())];
        _codes = [.. plan.Compressed.SelectMany(g => g.Rooms())];
        _decoded = carriesCodes ? null : [.. plan.Compressed.SelectMany(g => g.Pieces).Select(p => new float[p.Length])];
    }

    /// <summary>What goes to the block of a transfer.</summary>
    public SegmentSlice[] GradientOf(int transfer) => _gradients[transfer];

    /// <summary>Forgets the codes of the push before.</summary>
    public void Begin() => _piece = 0;

    /// <summary>Encodes a parameter.</summary>
    /// <param name="gradient">Which one.</param>
    /// <param name="total">All that is to be sent of it: with error feedback its residual goes along, and what is left of it here is the next one.</param>
    /// <param name="key">The push's random numbers.</param>
    public void Encode(CompressedGradient gradient, Span<float> total, RoundingKey key)
    {
        var compression = gradient.Compression;
        var choice = compression.Mode == GradientCompressionMode.TopK ? TopKChoice.Of(total, TopKCodec.CountOf(total.Length, compression.K)) : default;
        var written = 0;
        // A chunk may belong to two pieces: no residual is made before all are encoded.
        foreach (var piece in gradient.Pieces)
        {
            var room = _codes[_piece].AsMemory(compression.Mode == GradientCompressionMode.TopK ? written : 0);
            var bytes = Encode(compression.Mode, piece, total, key, ref choice, room.Span);
            Take(piece, new(compression.Mode, piece.Length, room[..bytes]));
            written += bytes;
        }
        if (!compression.ErrorFeedback) return;
        foreach (var piece in gradient.Pieces)
            ErrorFeedback.Subtract(_gradients[piece.Transfer][piece.Slice].Code, piece.Start, total.Slice(piece.Start, piece.Length));
    }

    private static int Encode(
        GradientCompressionMode mode, in CompressedPiece piece, ReadOnlySpan<float> total, RoundingKey key, ref TopKChoice choice, Span<byte> room)
    {
        switch (mode)
        {
            case GradientCompressionMode.Bf16: Bf16Codec.Encode(total.Slice(piece.Start, piece.Length), room); break;
            case GradientCompressionMode.Int8: Int8Codec.Encode(total, piece.Start, piece.Length, key, room); break;
            case GradientCompressionMode.OneBit: OneBitCodec.Encode(total, piece.Start, piece.Length, room); break;
            default: return TopKCodec.Encode(total.Slice(piece.Start, piece.Length), ref choice, room);
        }
        return room.Length;
    }

    private void Take(in CompressedPiece piece, SegmentCode code)
    {
        var values = Memory<float>.Empty;
        if (_decoded is not null)
        {
            values = _decoded[_piece];
            code.Decode(piece.Start, values.Span);
        }
        ref var slice = ref _gradients[piece.Transfer][piece.Slice];
        slice = new(slice.Segment, values) { Code = code };
        _piece++;
    }
}
