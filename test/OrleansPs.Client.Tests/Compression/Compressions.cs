namespace OrleansPs.Client.Tests;

/// <summary>Every kind of compression, by its mode.</summary>
internal static class Compressions
{
    public static GradientCompression Of(CompressionMode mode) => mode switch
    {
        CompressionMode.Bf16 => GradientCompression.Bf16,
        CompressionMode.Int8 => GradientCompression.Int8,
        CompressionMode.TopK => GradientCompression.TopK(0.01),
        CompressionMode.OneBit => GradientCompression.OneBit,
        _ => GradientCompression.None,
    };
}
