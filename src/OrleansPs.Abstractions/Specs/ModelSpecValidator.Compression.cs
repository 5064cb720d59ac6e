namespace OrleansPs;

/// <summary>The rules of compression.</summary>
internal static partial class ModelSpecValidator
{
    // Such an element is sent with its index in 8 bytes, all of them in one array.
    private const int MaxTopK = int.MaxValue / 16;
    private const int BytesOfScaled = 256 * sizeof(float);

    private static void CheckCompression(ModelSpec spec)
    {
        RequirePresent(spec.Compression, "Compression");
        CheckShare("Compression", spec.Compression);
        RequirePresent(spec.PullCompression, "PullCompression");
        CheckOfPulls("PullCompression", spec.PullCompression);
        foreach (var group in spec.Groups)
        {
            CheckShare($"Groups['{group.Name}'].Compression", group.Compression);
            CheckOfPulls($"Groups['{group.Name}'].PullCompression", group.PullCompression);
        }
        foreach (var p in spec.Parameters)
        {
            var path = $"Parameters['{p.Name}'].Compression";
            CheckShare(path, p.Compression);
            CheckPulls(spec, p);
            if (!spec.CompressionOf(p).ErrorFeedback) continue;
            var mode = spec.CompressionOf(p).Mode;
            Require(spec.NonFinite != NonFinitePolicy.Accept, path, mode, "with error feedback a NaN would stay in the residual for ever: NonFinite must not be Accept.");
            Require(spec.CompressionOf(p).K * p.Length <= MaxTopK, path + ".K", spec.CompressionOf(p).K, $"it must not send more than {MaxTopK} elements.");
            Require(spec.OptimizerOf(p) is not AssignOptimizer, path, mode, "with the optimizer Assign what a push leaves out would be lost.");
        }
    }

    private static void CheckPulls(ModelSpec spec, DenseParameter parameter)
    {
        CheckOfPulls($"Parameters['{parameter.Name}'].PullCompression", parameter.PullCompression);
        if (spec.PullCompressionOf(parameter).Mode != GradientCompressionMode.Int8) return;
        Require(spec.BlockBytes % BytesOfScaled == 0, "BlockBytes", spec.BlockBytes,
            $"where pulls are Int8, as those of '{parameter.Name}', it must be a multiple of {BytesOfScaled}: the elements of a scale are in one block.");
    }

    private static void CheckOfPulls(string path, GradientCompression? compression) =>
        Require(compression is null or { Mode: GradientCompressionMode.None or GradientCompressionMode.Bf16 or GradientCompressionMode.Int8 }, path, compression?.Mode,
            "it must be None, Bf16 or Int8: a pull has no next one that makes up for what it left out.");

    private static void CheckShare(string path, GradientCompression? compression)
    {
        if (compression is { Mode: GradientCompressionMode.TopK })
            Require(compression.K is > 0 and <= 0.5, path + ".K", compression.K, "it must be above 0 and at most 0.5.");
    }
}
