namespace OrleansPs;

/// <summary>
/// How the gradients of a dense parameter are sent, in fewer bytes than float32, for fewer exact digits; and, with <see cref="ModelSpec.PullCompression"/>, how workers'
/// pulls are answered. Snapshots have float32, and so have the rows of embedding tables.
/// </summary>
/// <remarks>
/// The numbers are the same on every host, in one process too, where nothing is sent: a training gives the same bits on both. They depend
/// neither on the size of blocks nor on the order of arrival.
/// </remarks>
public sealed record GradientCompression
{
    private GradientCompression(GradientCompressionMode mode, double k = 0)
    {
        Mode = mode;
        K = k;
    }

    /// <summary>Float32 as it is: 4 bytes an element.</summary>
    public static GradientCompression None { get; } = new(GradientCompressionMode.None);

    /// <summary>
    /// bfloat16 (Kalamkar et al. 2019, "A Study of BFLOAT16 for Deep Learning Training"), rounded to the nearest, ties to even: 2 bytes an
    /// element, 8 significant bits, the range of float32. A finite number stays finite.
    /// </summary>
    public static GradientCompression Bf16 { get; } = new(GradientCompressionMode.Bf16);

    /// <summary>
    /// 8 bits with a float32 scale for each 256 elements: 1.02 bytes an element. Rounded at random up or down such that its expectation is
    /// the gradient (QSGD: Alistarh et al. 2017, "Communication-Efficient SGD via Gradient Quantization and Encoding"); what is drawn
    /// depends on the model's seed, parameter, rank, step and element alone. The error of an element is at most the largest magnitude among its 256, divided by 127.
    /// </summary>
    public static GradientCompression Int8 { get; } = new(GradientCompressionMode.Int8);

    /// <summary>
    /// One bit, the sign, with two float32 for each 256 elements: the means of those >= 0 and of those below (Seide et al. 2014, "1-Bit
    /// Stochastic Gradient Descent and its Application to Data-Parallel Distributed Training of Speech DNNs"): 0.16 bytes an element. With error feedback.
    /// </summary>
    public static GradientCompression OneBit { get; } = new(GradientCompressionMode.OneBit);

    /// <summary>What is sent.</summary>
    public GradientCompressionMode Mode { get; }

    /// <summary>The share of elements that <see cref="TopK"/> sends; 0 for the others.</summary>
    public double K { get; }

    /// <summary>
    /// Whether what a push leaves out is kept by the worker's session, the residual, and added to the next push of the parameter (Karimireddy et al. 2019,
    /// "Error Feedback Fixes SignSGD and other Gradient Compression Schemes"): <see cref="TopK"/> and <see cref="OneBit"/>. A step that is done again begins
    /// with the residual that it began with before. It takes two float32 an element in the session, and is lost with it, unless it was saved: <see cref="IParameterWorker.SaveResidualsAsync"/>.
    /// </summary>
    public bool ErrorFeedback => Mode is GradientCompressionMode.TopK or GradientCompressionMode.OneBit;

    /// <summary>
    /// The elements of largest magnitude, exactly, with their indices (Aji and Heafield 2017, "Sparse Communication for Distributed
    /// Gradient Descent"; Lin et al. 2018, "Deep Gradient Compression"): 8 k bytes an element. Of equal ones the first is sent. With error feedback.
    /// </summary>
    /// <param name="k">The share of a parameter's elements that a push sends, above 0, at most 0.5; at least one element is.</param>
    public static GradientCompression TopK(double k = 0.01) => new(GradientCompressionMode.TopK, k);
}

/// <summary>What is sent of a gradient, or in answer to a pull.</summary>
public enum GradientCompressionMode : byte
{
    /// <summary>See <see cref="GradientCompression.None"/>.</summary>
    None,

    /// <summary>See <see cref="GradientCompression.Bf16"/>.</summary>
    Bf16,

    /// <summary>See <see cref="GradientCompression.Int8"/>.</summary>
    Int8,

    /// <summary>See <see cref="GradientCompression.TopK"/>.</summary>
    TopK,

    /// <summary>See <see cref="GradientCompression.OneBit"/>.</summary>
    OneBit,
}
