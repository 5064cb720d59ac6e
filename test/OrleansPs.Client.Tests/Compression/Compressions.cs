namespace OrleansPs.Client.Tests;

/// <summary>Every kind of compression, by its mode.</summary>
internal static class Compressions
{
    public static GradientCompression Of(GradientCompressionMode mode) => mode switch
    {
        GradientCompressionMode.Bf16 => GradientCompression.Bf16,
        GradientCompressionMode.Int8 => GradientCompression.Int8,
        GradientCompressionMode.TopK => GradientCompression.TopK(0.01),
        GradientCompressionMode.OneBit => GradientCompression.OneBit,
        _ => GradientCompression.None,
    };
}
