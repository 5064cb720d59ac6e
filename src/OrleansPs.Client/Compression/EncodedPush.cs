using OrleansPs.Core.Compression;
using OrleansPs.Core.Messages;

namespace OrleansPs.Client;

/// <summary>
/// What one push sends in place of the caller's memory: encoded once, and sent again as it is until it is acknowledged. Where the transport carries no codes
/// its slices have the numbers that the codes stand for, so that blocks take the same in one process.
/// </summary>
/// <remarks>
/// Used again and again for pushes of one plan, by one at a time. With error feedback a parameter is encoded whole, before anything is sent; without it each block's part
/// when that is sent first, so that one block's is encoded while others are on their way.
/// </remarks>
internal sealed class EncodedPush
{
    private readonly SegmentSlice[][] _gradients;
    private readonly byte[][] _codes;
    private readonly float[][]? _decoded;
    private readonly Late[][] _late;
    private readonly bool[] _isEncoded;
    private readonly RoundingKey[] _keys;
    private int _gradient;
    private int _piece;

    public EncodedPush(TransferPlan plan, bool carriesCodes)
    {
        _gradients = [.. plan.Transfers.Select(t => t.Gradient.ToArray())];
        _codes = [.. plan.Compressed.SelectMany(g => g.Rooms())];
        _decoded = carriesCodes ? null : [.. plan.Compressed.SelectMany(g => g.Pieces).Select(p => new float[p.Length])];
        _keys = new RoundingKey[plan.Compressed.Length];
        _isEncoded = new bool[plan.Transfers.Length];
        var late = plan.Compressed.Index().SelectMany(g => g.Item.Pieces.Select(p => new Late(g.Item, g.Index, p, 0))).Select((l, room) => l with { Room = room })
            .Where(l => !l.Gradient.Compression.ErrorFeedback).ToLookup(l => l.Piece.Transfer);
        _late = [.. plan.Transfers.Select((_, t) => late[t].ToArray())];
    }

    // A piece that is encoded when it is sent.
    private readonly record struct Late(CompressedGradient Gradient, int Index, CompressedPiece Piece, int Room);

    /// <summary>What goes to the block of a transfer; for who sends it, one at a time.</summary>
    public SegmentSlice[] GradientOf(int transfer)
    {
        if (!_isEncoded[transfer])
        {
            foreach (ref readonly var late in _late[transfer].AsSpan())
            {
                TopKChoice none = default;
                Encode(late.Gradient.Compression.Mode, late.Piece, late.Gradient.Values.Span, _keys[late.Index], ref none, _codes[late.Room]);
                Take(late.Piece, late.Room, new(late.Gradient.Compression.Mode, late.Piece.Length, _codes[late.Room]));
            }
            _isEncoded[transfer] = true;
        }
        return _gradients[transfer];
    }

    /// <summary>Forgets the codes of the push before.</summary>
    public void Begin()
    {
        (_gradient, _piece) = (0, 0);
        Array.Clear(_isEncoded);
    }

    /// <summary>Encodes the next parameter of the plan, or remembers how it is to be encoded.</summary>
    /// <param name="gradient">Which one.</param>
    /// <param name="total">All that is to be sent of it: with error feedback its residual goes along, and what is left of it here is the next one.</param>
    /// <param name="key">The push's random numbers.</param>
    public void Encode(CompressedGradient gradient, Span<float> total, RoundingKey key)
    {
        _keys[_gradient++] = key;
        if (gradient.Compression.ErrorFeedback) EncodeWhole(gradient, total, key);
        else _piece += gradient.Pieces.Length;
    }

    private void EncodeWhole(CompressedGradient gradient, Span<float> total, RoundingKey key)
    {
        var compression = gradient.Compression;
        var choice = compression.Mode == GradientCompressionMode.TopK ? TopKChoice.Of(total, TopKCodec.CountOf(total.Length, compression.K)) : default;
        var written = 0;
        // A chunk may belong to two pieces: no residual is made before all are encoded.
        foreach (var piece in gradient.Pieces)
        {
            var room = _codes[_piece].AsMemory(compression.Mode == GradientCompressionMode.TopK ? written : 0);
            var bytes = Encode(compression.Mode, piece, total, key, ref choice, room.Span);
            Take(piece, _piece++, new(compression.Mode, piece.Length, room[..bytes]));
            written += bytes;
        }
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

    private void Take(in CompressedPiece piece, int room, SegmentCode code)
    {
        var values = Memory<float>.Empty;
        if (_decoded is not null)
        {
            values = _decoded[room];
            code.Decode(piece.Start, values.Span);
        }
        ref var slice = ref _gradients[piece.Transfer][piece.Slice];
        slice = new(slice.Segment, values) { Code = code };
    }
}
