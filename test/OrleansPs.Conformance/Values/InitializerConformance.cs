namespace OrleansPs.Conformance;

/// <summary>First values depend on the seed, the parameter's name and the element's index, and on nothing else.</summary>
public abstract class InitializerConformance(ConformanceHost host) : HostTests(host)
{
    private static readonly Dictionary<string, Initializer> Named = new()
    {
        ["uniform"] = Initializer.Uniform(-2, 3),
        ["normal"] = Initializer.Normal(1, 0.5f),
        ["xavier uniform"] = Initializer.XavierUniform(),
        ["xavier normal"] = Initializer.XavierNormal(),
        ["he uniform"] = Initializer.HeUniform(),
        ["he normal"] = Initializer.HeNormal(),
    };

    public static TheoryData<string> Random => [.. Named.Keys];

    [Theory]
    [MemberData(nameof(Random))]
    public async Task First_values_are_the_same_whatever_the_blocks_and_the_neighbours(string initializer)
    {
        var parameter = new DenseParameter("w", [70, 41], Named[initializer]);
        var neighbour = new DenseParameter("n", [333], Initializer.Uniform(0, 1));

        var alone = await FirstValuesAsync(Spec(parameter) with { Seed = 7, BlockBytes = 1 << 20 });
        var behind = await FirstValuesAsync(Spec(neighbour, parameter) with { Seed = 7, BlockBytes = 4096 + 64 });

        Tensors.SameBits(alone, behind);
    }

    [Theory]
    [MemberData(nameof(Random))]
    public async Task First_values_differ_by_seed_and_by_name(string initializer)
    {
        var parameter = new DenseParameter("w", [50, 20], Named[initializer]);

        var values = await FirstValuesAsync(Spec(parameter) with { Seed = 1 });
        var ofOtherSeed = await FirstValuesAsync(Spec(parameter) with { Seed = 2 });
        var ofOtherName = await FirstValuesAsync(Spec(parameter with { Name = "v" }) with { Seed = 1 }, "v");

        Assert.True(Different(values, ofOtherSeed) > 990);
        Assert.True(Different(values, ofOtherName) > 990);
    }

    [Fact]
    public async Task Uniform_values_lie_between_their_bounds_and_fill_them()
    {
        var values = await FirstValuesAsync(Spec(new DenseParameter("w", [10_000], Initializer.Uniform(-2, 3))));

        Assert.All(values, v => Assert.InRange(v, -2, 3));
        Assert.InRange(values.Average(), 0.4, 0.6);
        Assert.True(values.Min() < -1.9 && values.Max() > 2.9);
    }

    [Fact]
    public async Task Scaled_values_have_the_variance_of_their_fan()
    {
        var he = await FirstValuesAsync(Spec(new DenseParameter("w", [50, 200], Initializer.HeNormal())));
        var xavier = await FirstValuesAsync(Spec(new DenseParameter("w", [50, 200], Initializer.XavierUniform())));

        Assert.InRange(he.Average(v => v * v), 0.9 * 2 / 50, 1.1 * 2 / 50);
        Assert.InRange(xavier.Average(v => v * v), 0.9 * 2 / 250, 1.1 * 2 / 250);
    }

    private async Task<float[]> FirstValuesAsync(ModelSpec spec, string parameter = "w")
    {
        var worker = (await BeginAsync(spec))[0];
        var values = new float[spec.Parameters.Single(p => p.Name == parameter).Length];
        await worker.PullAsync(parameter, values, Limit);
        return values;
    }

    private static int Different(float[] left, float[] right) => left.Zip(right).Count(p => p.First != p.Second);
}
