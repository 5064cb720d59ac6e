using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

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
        if (residual.Length != total.Length || gradient.Length != total.Length)
            throw new ArgumentException($"The residual has {residual.Length} elements and the gradient {gradient.Length}; they must have {total.Length}, as what they make.");
        ref var left = ref MemoryMarshal.GetReference(residual);
        ref var right = ref MemoryMarshal.GetReference(gradient);
        ref var sum = ref MemoryMarshal.GetReference(total);
        var (least, most, i) = (Vector256.Create(float.MinValue), Vector256.Create(float.MaxValue), 0);
        for (; i + Vector256<float>.Count <= total.Length; i += Vector256<float>.Count)
        {
            var at = (nuint)i;
            Vector256.Min(Vector256.Max(Vector256.LoadUnsafe(ref left, at) + Vector256.LoadUnsafe(ref right, at), least), most).StoreUnsafe(ref sum, at);
        }
        for (; i < total.Length; i++) total[i] = Math.Clamp(residual[i] + gradient[i], float.MinValue, float.MaxValue);
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
