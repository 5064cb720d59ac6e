using System.Runtime.InteropServices;

namespace OrleansPs.Conformance;

/// <summary>Sets of tensors, and how to compare them bit by bit.</summary>
public static class Tensors
{
    /// <summary>All values, parameter after parameter.</summary>
    public static float[] Flat(TensorSet set) => [.. set.SelectMany(t => t.Value.ToArray())];

    /// <summary>A set in which every element of a parameter is one value.</summary>
    public static TensorSet Full(params (DenseParameter Parameter, float Value)[] tensors)
    {
        var set = new TensorSet();
        foreach (var (parameter, value) in tensors)
        {
            var values = new float[parameter.Length];
            Array.Fill(values, value);
            set.Add(parameter.Name, values);
        }
        return set;
    }

    /// <summary>A set for a whole model in which every element is one value.</summary>
    public static TensorSet Full(ModelSpec spec, float value) => Full([.. spec.Parameters.Select(p => (p, value))]);

    public static void Fill(TensorSet set, float value)
    {
        foreach (var (_, memory) in set) memory.Span.Fill(value);
    }

    public static async Task<float[]> PullAsync(IParameterWorker worker, CancellationToken cancellationToken)
    {
        var values = TensorSet.For(worker.Spec);
        await worker.PullAsync(values, cancellationToken);
        return Flat(values);
    }

    public static void SameBits(float[] expected, ReadOnlyMemory<float> actual) => SameBits(expected.AsMemory(), actual);

    public static void SameBits(ReadOnlyMemory<float> expected, ReadOnlyMemory<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        var left = MemoryMarshal.Cast<float, int>(expected.Span);
        var right = MemoryMarshal.Cast<float, int>(actual.Span);
        var different = left.Length - left.CommonPrefixLength(right);
        Assert.True(different == 0, different == 0 ? "" : Difference(expected.Span, actual.Span, left.Length - different));
    }

    public static void AllAre(float expected, ReadOnlyMemory<float> actual)
    {
        var at = actual.Span.IndexOfAnyExcept(expected);
        Assert.True(at < 0, at < 0 ? "" : $"Element {at} of {actual.Length} is {actual.Span[at]:R} instead of {expected:R}.");
    }

    /// <summary>Compares with numbers of higher precision.</summary>
    public static void Near(double[] expected, ReadOnlyMemory<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual.Span[i]) <= 1e-6 + 1e-5 * Math.Abs(expected[i]),
                $"Element {i} is {actual.Span[i]:R} instead of about {expected[i]:R}.");
    }

    private static string Difference(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, int at) =>
        $"Element {at} of {actual.Length} is {actual[at]:R} instead of {expected[at]:R}.";
}
