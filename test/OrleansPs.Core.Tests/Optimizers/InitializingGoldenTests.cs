using OrleansPs.Core.Optimizers;

namespace OrleansPs.Core.Tests.Optimizers;

/// <summary>
/// The frozen part of initial values: published values of the hashes, quantiles from tables, and bits that no change may
/// touch, because models that exist were started with them.
/// </summary>
public class InitializingGoldenTests
{
    [Fact]
    public void The_generator_is_SplitMix64()
    {
        // The first outputs of the reference implementation for the seed 1234567.
        const ulong Gamma = 0x9E3779B97F4A7C15;
        Assert.Equal(6457827717110365317ul, Initializing.Mix(unchecked(1234567 + Gamma)));
        Assert.Equal(3203168211198807973ul, Initializing.Mix(unchecked(1234567 + (2 * Gamma))));
        Assert.Equal(9817491932198370423ul, Initializing.Mix(unchecked(1234567 + (3 * Gamma))));
    }

    [Fact]
    public void Names_are_hashed_by_fnv_1a()
    {
        // From the test vectors of the FNV specification.
        Assert.Equal(0xcbf29ce484222325, Initializing.Fnv1a(""));
        Assert.Equal(0xaf63dc4c8601ec8c, Initializing.Fnv1a("a"));
        Assert.Equal(0x85944171f73967e8, Initializing.Fnv1a("foobar"));
    }

    [Theory]
    [InlineData(0.5, 0)]
    [InlineData(0.75, 0.6744897502)]
    [InlineData(0.9, 1.2815515655)]
    [InlineData(0.975, 1.9599639845)]
    [InlineData(0.001, -3.0902323062)]
    [InlineData(1e-10, -6.3613409024)]
    [InlineData(1e-14, -7.6506280929)]
    public void Quantiles_are_those_of_the_tables(double p, double expected) =>
        Assert.Equal(expected, NormalQuantile.At(p), 2e-6);

    [Fact]
    public void The_logarithm_is_the_librarys()
    {
        for (var x = 1e-17; x < 1; x *= 1.01) Assert.Equal(Math.Log(x), NormalQuantile.Log(x), 1e-12);
        Assert.Equal(0, NormalQuantile.Log(1));
    }

    // Uniform: computed apart from this code, with Python's integers. Normal: Python's statistics.NormalDist on the same
    // bits, to 6 digits.
    [Theory]
    [InlineData(0ul, "", 0, -0.8949408531188965f, -1.6208064556121826f)]
    [InlineData(0ul, "", 1, -0.07571810483932495f, -0.09504146128892899f)]
    [InlineData(0ul, "", 1000000, 0.7987806797027588f, 1.278085470199585f)]
    [InlineData(42ul, "layer1.weight", 0, 0.7557983994483948f, 1.1645489931106567f)]
    [InlineData(42ul, "layer1.weight", 1, -0.47852516174316406f, -0.6410736441612244f)]
    [InlineData(42ul, "layer1.weight", 1000000, 0.6198428869247437f, 0.8776068687438965f)]
    [InlineData(ulong.MaxValue, "é", 0, 0.9210851192474365f, 1.7570172548294067f)]
    [InlineData(ulong.MaxValue, "é", 1000000, -0.0065675233490765095f, -0.008231262676417828f)]
    public void Values_are_frozen(ulong seed, string name, int index, float uniform, float normal)
    {
        var value = new float[1];
        Initializing.Fill(Initializer.Uniform(-1, 1), seed, name, [2000000], index, value);
        Assert.Equal(uniform, value[0]);
        Initializing.Fill(Initializer.Normal(), seed, name, [2000000], index, value);
        Assert.Equal(normal, value[0], 2e-6f);
    }

    // The digests were computed by a second implementation, in Python.
    [Fact]
    public void The_bits_of_a_thousand_values_are_frozen()
    {
        Assert.Equal(0xd149776f4e4fa477ul, Digest(Initializer.Uniform(-1, 1)));
        Assert.Equal(0x89cef9efb6bb12c2ul, Digest(Initializer.Normal()));
        Assert.Equal(0x5192f105af90d74eul, Digest(Initializer.XavierUniform()));
        Assert.Equal(0xb8858a0f24a29258ul, Digest(Initializer.XavierNormal()));
        Assert.Equal(0x506ced93a92f3635ul, Digest(Initializer.HeUniform()));
        Assert.Equal(0xfec0563f9e492addul, Digest(Initializer.HeNormal()));
    }

    private static ulong Digest(Initializer initializer)
    {
        var values = new float[1000];
        Initializing.Fill(initializer, 7, "golden", [20, 50], 0, values);
        return values.Aggregate(0ul, (digest, v) => Initializing.Mix(digest ^ BitConverter.SingleToUInt32Bits(v)));
    }
}
