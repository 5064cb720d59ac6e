namespace OrleansPs.Training.Tests;

public class MlpTests
{
    private static readonly int[] s_sizes = [13, 9, 6, 5];

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(7)]
    public void Gradients_agree_with_finite_differences_of_a_double_precision_loss(int batch)
    {
        var mlp = Filled(batch);
        var (inputs, labels) = Batch(batch);
        mlp.ComputeGradients(inputs, labels);
        var reference = new DoubleMlp(s_sizes, mlp.Parameters);
        foreach (var (name, gradient) in mlp.Gradients)
            for (var i = 0; i < gradient.Length; i++)
            {
                var expected = reference.Derivative(name, i, inputs, labels);
                Assert.True(Math.Abs(gradient.Span[i] - expected) <= 1e-6 + 1e-4 * Math.Abs(expected),
                    $"{name}[{i}]: {gradient.Span[i]} rather than {expected}");
            }
    }

    [Fact]
    public void The_loss_is_the_mean_cross_entropy()
    {
        var mlp = Filled(6);
        var (inputs, labels) = Batch(6);
        Assert.Equal(new DoubleMlp(s_sizes, mlp.Parameters).Loss(inputs, labels), mlp.ComputeGradients(inputs, labels), 1e-5);
    }

    [Fact]
    public void Huge_logits_give_finite_losses_and_gradients()
    {
        var mlp = Filled(2);
        mlp.Parameters["layer2.bias"].Span[0] = 3e4f;
        var (inputs, _) = Batch(2);
        var loss = mlp.ComputeGradients(inputs, [1, 0]);

        Assert.InRange(loss, 1.4e4, 1.6e4);
        Assert.All(mlp.Gradients.ToArray(), g => Assert.DoesNotContain(g.Value.ToArray(), x => !float.IsFinite(x)));
    }

    [Fact]
    public void The_same_input_gives_the_same_bits_and_takes_no_memory()
    {
        var mlp = Filled(8);
        var (inputs, labels) = Batch(8);
        var loss = mlp.ComputeGradients(inputs, labels);
        var bits = mlp.Gradients.SelectMany(g => g.Value.ToArray()).ToArray();
        mlp.ComputeGradients(Batch(3).Inputs, Batch(3).Labels);
        var before = GC.GetAllocatedBytesForCurrentThread();

        var again = mlp.ComputeGradients(inputs, labels);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(loss, again);
        Assert.Equal(bits, mlp.Gradients.SelectMany(g => g.Value.ToArray()));
    }

    [Fact]
    public void The_spec_names_what_the_perceptron_holds()
    {
        var parameters = Mlp.ParametersOf(s_sizes);
        Assert.Equal(["layer0.weight", "layer0.bias", "layer1.weight", "layer1.bias", "layer2.weight", "layer2.bias"],
            parameters.Select(p => p.Name));
        Assert.Equal([13, 9], parameters[0].Shape);
        var mlp = new Mlp(s_sizes, 1);
        Assert.All(parameters, p => Assert.Equal(p.Length, mlp.Parameters[p.Name].Length));
        Assert.All(parameters, p => Assert.Equal(p.Length, mlp.Gradients[p.Name].Length));
        Assert.Equal(235_146, Mlp.ParametersOf(Mlp.FashionMnistSizes).Sum(p => p.Length));
    }

    [Fact]
    public void Bad_sizes_and_batches_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new Mlp([5], 1));
        Assert.Throws<ArgumentException>(() => new Mlp([5, 0, 2], 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Mlp([5, 2], 0));
        var mlp = Filled(2);
        Assert.Throws<ArgumentException>(() => mlp.Forward(new float[14]).Length);
        Assert.Throws<ArgumentException>(() => mlp.Forward([]).Length);
        Assert.Throws<ArgumentException>(() => mlp.Forward(new float[3 * 13]).Length);
        Assert.Throws<ArgumentException>(() => mlp.ComputeGradients(new float[2 * 13], [1]));
        Assert.Throws<IndexOutOfRangeException>(() => mlp.ComputeGradients(new float[13], [5]));
    }

    private static Mlp Filled(int maxBatch)
    {
        var mlp = new Mlp(s_sizes, maxBatch);
        var seed = 11;
        foreach (var (_, values) in mlp.Parameters) MatMulTests.Numbers(seed++, values.Length).CopyTo(values);
        return mlp;
    }

    private static (float[] Inputs, int[] Labels) Batch(int count) =>
        (MatMulTests.Numbers(3, count * 13), Enumerable.Range(0, count).Select(i => i * 3 % 5).ToArray());
}
