using OrleansPs.Core.Compression;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;

namespace OrleansPs.Client;

/// <summary>A gradient of a plan that is sent encoded.</summary>
/// <param name="Parameter">The parameter's index in the spec.</param>
/// <param name="Compression">How it is sent.</param>
/// <param name="Values">The caller's memory of the whole parameter: what is chosen or measured does not depend on where blocks begin.</param>
/// <param name="Pieces">Its pieces, ascending by their start.</param>
internal sealed record CompressedGradient(int Parameter, GradientCompression Compression, Memory<float> Values, CompressedPiece[] Pieces)
{
    /// <summary>Room for the code of each piece. Top-k has one for all of them, of which each takes what it needs.</summary>
    public IEnumerable<byte[]> Rooms()
    {
        if (Compression.Mode != GradientCompressionMode.TopK)
            return Pieces.Select(p => new byte[SegmentCode.BytesOf(Compression.Mode, p.Start, p.Length)]);
        return Enumerable.Repeat(new byte[TopKCodec.CountOf(Values.Length, Compression.K) * TopKCodec.EntryBytes], Pieces.Length);
    }

    /// <summary>Finds the gradients of a push that are sent encoded.</summary>
    /// <param name="spec">The model's spec.</param>
    /// <param name="layout">Its layout.</param>
    /// <param name="gradients">What is pushed; its names are known.</param>
    /// <param name="transfers">What is pushed to which block.</param>
    public static CompressedGradient[] Find(ModelSpec spec, BlockLayout layout, TensorSet? gradients, BlockTransfer[] transfers)
    {
        var found = new List<CompressedGradient>();
        var transferOf = transfers.Index().ToDictionary(t => t.Item.Block, t => t.Index);
        foreach (var (name, values) in gradients ?? [])
        {
            var parameter = layout.IndexOf(name);
            var compression = spec.CompressionOf(spec.Parameters[parameter]);
            if (compression.Mode == GradientCompressionMode.None || spec.GroupOf(spec.Parameters[parameter]) is { Frozen: true }) continue;
            found.Add(new(parameter, compression, values, [.. layout.PlacementOf(parameter).Pieces.Select(Locate)]));
        }
        return [.. found];

        CompressedPiece Locate(SegmentAddress address)
        {
            var transfer = transferOf[address.Block];
            var slice = Array.FindIndex(transfers[transfer].Gradient, s => s.Segment == address.Index);
            var segment = layout.Blocks[address.Block].Segments[address.Index];
            return new(transfer, slice, segment.Start, segment.Length);
        }
    }
}

/// <summary>A piece of a gradient that is sent encoded.</summary>
/// <param name="Transfer">The index of its block's transfer in the plan.</param>
/// <param name="Slice">Its index in the transfer's gradient.</param>
/// <param name="Start">Its first element in the parameter.</param>
/// <param name="Length">Its elements.</param>
internal readonly record struct CompressedPiece(int Transfer, int Slice, int Start, int Length);
