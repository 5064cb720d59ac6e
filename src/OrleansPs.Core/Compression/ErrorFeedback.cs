using System.Numerics.Tensors;

namespace OrleansPs.Core.Compression;

/// <summary>
/// Error feedback (Seide et al. 2014; Karimireddy et al. 2019, algorithm 1): what is sent is the code of residual + gradient, and what the code leaves out is
/// the next residual.
/// </summary>
public static class ErrorFeedback
{
    /// <summary>total = residual + gradient; what a float cannot hold becomes the largest one.</summary>
    /// <param name="residual">What was not sent so far; may be <paramref name="total"/>.</param>
    /// <param name="gradient">What is to be sent, finite.</param>
    /// <param name="total">What is encoded; changed.</param>
    public static void Add(ReadOnlySpan<float> residual, ReadOnlySpan<float> gradient, Span<float> total)
    {
        TensorPrimitives.Add(residual, gradient, total);
        TensorPrimitives.Clamp(total, float.MinValue, float.MaxValue, total);
    }

    /// <summary>total -= what is received of a segment.</summary>
    /// <param name="code">The segment's code.</param>
    /// <param name="start">The segment's first element in its parameter.</param>
    /// <param name="total">The segment of what was encoded; becomes the residual.</param>
    public static void Subtract(in SegmentCode code, int start, Span<float> total)
    {
        if (code.Mode == GradientCompressionMode.TopK) TopKCodec.Clear(code.Bytes.Span, total);
        else OneBitCodec.Subtract(code.Bytes.Span, start, total);
    }
}
