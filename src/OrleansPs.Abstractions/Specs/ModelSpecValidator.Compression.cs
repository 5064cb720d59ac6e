namespace OrleansPs;

/// <summary>The rules of compression.</summary>
internal static partial class ModelSpecValidator
{
    // Such an element is sent with its index in 8 bytes, all of them in one array.
    private const int MaxTopK = int.MaxValue / 16;

    private static void CheckCompression(ModelSpec spec)
    {
        RequirePresent(spec.Compression, "Compression");
        CheckShare("Compression", spec.Compression);
        foreach (var group in spec.Groups) CheckShare($"Groups['{group.Name}'].Compression", group.Compression);
        foreach (var p in spec.Parameters)
        {
            var path = $"Parameters['{p.Name}'].Compression";
            CheckShare(path, p.Compression);
            if (!spec.CompressionOf(p).ErrorFeedback) continue;
            var mode = spec.CompressionOf(p).Mode;
            Require(spec.NonFinite != NonFinitePolicy.Accept, path, mode, "with error feedback a NaN would stay in the residual for ever: NonFinite must not be Accept.");
            Require(spec.CompressionOf(p).K * p.Length <= MaxTopK, path + ".K", spec.CompressionOf(p).K, $"it must not send more than {MaxTopK} elements.");
            Require(spec.OptimizerOf(p) is not AssignOptimizer, path, mode, "with the optimizer Assign what a push leaves out would be lost.");
        }
    }

    private static void CheckShare(string path, GradientCompression? compression)
    {
        if (compression is { Mode: GradientCompressionMode.TopK })
            Require(compression.K is > 0 and <= 0.5, path + ".K", compression.K, "it must be above 0 and at most 0.5.");
    }
}
