using FsCheck.Xunit;

namespace OrleansPs.Training.Tests;

public class MatMulTests
{
    [Property(MaxTest = 200)]
    public bool Every_element_is_a_chain_of_fused_multiply_adds_in_order(byte rows, byte columns, ushort depth, int seed)
    {
        int m = rows % 40 + 1, n = columns % 70 + 1, k = depth % 600 + 1;
        float[] a = Numbers(seed, m * k), b = Numbers(seed + 1, k * n), c = Numbers(seed + 2, m * n);
        var expected = Reference(a, b, c, m, n, k);

        new MatMul().Multiply(new(a, m, k), new(b, k, n), c, accumulate: true);

        return c.AsSpan().SequenceEqual(expected);
    }

    [Property(MaxTest = 100)]
    public bool Transposed_operands_give_the_same_bits(byte rows, byte columns, byte depth, int seed)
    {
        int m = rows % 20 + 1, n = columns % 40 + 1, k = depth + 1;
        float[] a = Numbers(seed, m * k), b = Numbers(seed + 1, k * n), c = new float[m * n];
        var expected = Reference(a, b, c, m, n, k);
        Array.Fill(c, float.NaN);

        new MatMul().Multiply(
            new MatrixView(Transpose(a, m, k), k, m).Transposed, new MatrixView(Transpose(b, k, n), n, k).Transposed, c);

        return c.AsSpan().SequenceEqual(expected);
    }

    [Fact]
    public void Sizes_that_do_not_fit_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new MatMul().Multiply(new(new float[6], 2, 3), new(new float[8], 4, 2), new float[4]));
        Assert.Throws<ArgumentException>(() => new MatMul().Multiply(new(new float[6], 2, 3), new(new float[6], 3, 2), new float[5]));
        Assert.ThrowsAny<ArgumentException>(() => new MatrixView(new float[5], 2, 3).Rows);
    }

    private static float[] Reference(float[] a, float[] b, float[] c, int m, int n, int k)
    {
        var result = (float[])c.Clone();
        for (var i = 0; i < m; i++)
            for (var j = 0; j < n; j++)
                for (var l = 0; l < k; l++)
                    result[i * n + j] = MathF.FusedMultiplyAdd(a[i * k + l], b[l * n + j], result[i * n + j]);
        return result;
    }

    private static float[] Transpose(float[] matrix, int rows, int columns)
    {
        var result = new float[matrix.Length];
        for (var i = 0; i < rows; i++)
            for (var j = 0; j < columns; j++)
                result[j * rows + i] = matrix[i * columns + j];
        return result;
    }

    internal static float[] Numbers(int seed, int count)
    {
        var random = new Random(seed);
        return Enumerable.Range(0, count).Select(_ => (float)(2 * random.NextDouble() - 1)).ToArray();
    }
}
