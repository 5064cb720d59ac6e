using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace OrleansPs.Conformance;

/// <summary>
/// Where pulls are answered with codes, a worker has the numbers that the codes stand for, bit for bit and on every host, whichever way it pulls; the parameters
/// themselves stay as they are, for readers too.
/// </summary>
public abstract class PullCompressionConformance(ConformanceHost host) : HostTests(host)
{
    private const int Steps = 4;

    public static TheoryData<GradientCompressionMode> Modes => [GradientCompressionMode.None, GradientCompressionMode.Bf16, GradientCompressionMode.Int8];

    /// <summary>The digests are of the results: they are the same on all hosts, and were so when this was written.</summary>
    [Theory]
    [InlineData(GradientCompressionMode.None, "d9d3d0d81b8ff8c8")]
    [InlineData(GradientCompressionMode.Bf16, "7cfee3823395b389")]
    [InlineData(GradientCompressionMode.Int8, "9b57ed1f5f0ce319")]
    public async Task What_is_trained_has_the_bits_that_it_has_on_every_host(GradientCompressionMode mode, string digest)
    {
        var result = await TrainAsync(SpecOf(mode, 4096));
        Assert.Equal(digest, Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes<float>(result)))[..16]);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task The_size_of_blocks_changes_no_bit(GradientCompressionMode mode)
    {
        var expected = await TrainAsync(SpecOf(mode, 4096));

        Tensors.SameBits(expected, await TrainAsync(SpecOf(mode, 5120)));
        Tensors.SameBits(expected, await TrainAsync(SpecOf(mode, 1 << 20)));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task A_worker_has_what_the_code_stands_for_and_a_reader_what_the_parameters_are(GradientCompressionMode mode)
    {
        var spec = SpecOf(mode, 4096) with { Consistency = ConsistencyPolicy.StaleSynchronous(1), Workers = 1 };
        var worker = (await BeginAsync(spec))[0];
        var (pulled, answered, prefetched) = (TensorSet.For(spec), TensorSet.For(spec), TensorSet.For(spec));

        await worker.PullAsync(pulled, Limit);
        await RequireAsync(spec, mode, pulled);
        await worker.PushPullAsync(Gradient(spec, 0), answered, Limit);
        await RequireAsync(spec, mode, answered);
        worker.Prefetch(prefetched);
        await worker.PullAsync(prefetched, Limit);
        Tensors.SameBits(Tensors.Flat(answered), Tensors.Flat(prefetched));
    }

    [Fact]
    public async Task A_parameter_may_differ_from_its_group_and_that_from_the_model()
    {
        var spec = SpecOf(GradientCompressionMode.Int8, 4096) with
        {
            Parameters =
            [
                new("a", [700], Initializer.Normal()) { Group = "exact" },
                new("b", [700], Initializer.Normal()),
                new("c", [700], Initializer.Normal()) { Group = "exact", PullCompression = GradientCompression.Bf16 },
            ],
            Groups = [new("exact") { PullCompression = GradientCompression.None }],
            Workers = 1,
        };
        var worker = (await BeginAsync(spec))[0];
        var (pulled, exact) = (TensorSet.For(spec), await ReadAsync(spec));
        await worker.PullAsync(pulled, Limit);

        Tensors.SameBits(exact.AsMemory(0, 700), pulled["a"]);
        Tensors.SameBits(Twin(GradientCompressionMode.Int8, exact.AsSpan(700, 700)), pulled["b"]);
        Tensors.SameBits(Twin(GradientCompressionMode.Bf16, exact.AsSpan(1400, 700)), pulled["c"]);
    }

    [Fact]
    public async Task A_spec_that_asks_for_what_pulls_cannot_be_is_refused()
    {
        var spec = SpecOf(GradientCompressionMode.None, 4096) with { PullCompression = GradientCompression.TopK() };
        var e = await Assert.ThrowsAsync<InvalidSpecException>(() => Server.CreateModelAsync(spec, Limit));

        Assert.Equal(("PullCompression", GradientCompressionMode.TopK), (e.Parameter, e.Value));
    }

    private static async Task<float[]> StepsAsync(IParameterWorker[] workers, ModelSpec spec, CancellationToken limit)
    {
        var values = TensorSet.For(spec);
        for (var step = 0; step < Steps; step++)
        {
            foreach (var worker in workers)
            {
                await worker.PullAsync(values, limit);
                var gradient = Gradient(spec, (step * workers.Length) + worker.Rank);
                foreach (var (name, g) in gradient)
                    for (var i = 0; i < g.Length; i++) g.Span[i] += 0.1f * values[name].Span[i];
                await worker.PushAsync(gradient, limit);
            }
            await Crowd.ClockAsync(workers, limit);
        }
        return Tensors.Flat(values);
    }

    private static TensorSet Gradient(ModelSpec spec, int draw)
    {
        var gradient = TensorSet.For(spec);
        Noise.Fill(gradient, 17, draw, 0);
        return gradient;
    }

    /// <summary>What is received, in plain loops over whole parameters.</summary>
    private static float[] Twin(GradientCompressionMode mode, ReadOnlySpan<float> values)
    {
        var received = values.ToArray();
        for (var i = 0; i < received.Length && mode == GradientCompressionMode.Bf16; i++)
        {
            var bits = BitConverter.SingleToUInt32Bits(values[i]);
            received[i] = BitConverter.UInt32BitsToSingle((bits + 0x7fff + ((bits >> 16) & 1)) & 0xffff0000);
        }
        for (var i = 0; i < received.Length && mode == GradientCompressionMode.Int8; i++)
        {
            var largest = 0f;
            foreach (var value in values[(i / 256 * 256)..Math.Min(((i / 256) + 1) * 256, values.Length)]) largest = Math.Max(largest, Math.Abs(value));
            received[i] = largest == 0 ? 0 : (int)MathF.Round(values[i] * (127 / largest)) * (largest / 127);
        }
        return received;
    }

    private async Task RequireAsync(ModelSpec spec, GradientCompressionMode mode, TensorSet received)
    {
        var (exact, at) = (await ReadAsync(spec), 0);
        foreach (var parameter in spec.Parameters)
        {
            Tensors.SameBits(Twin(mode, exact.AsSpan(at, parameter.Length)), received[parameter.Name]);
            at += parameter.Length;
        }
    }

    private async Task<float[]> TrainAsync(ModelSpec spec)
    {
        var workers = await BeginAsync(spec);
        return await StepsAsync(workers, spec, Limit);
    }

    private ModelSpec SpecOf(GradientCompressionMode mode, int blockBytes) => Spec(
        new("a", [300], Initializer.Normal()), new("b", [2500], Initializer.Uniform(-1, 1)), new("c", []), new("d", [3, 5, 41], Initializer.Normal())) with
    {
        Optimizer = Optimizer.Sgd(0.1, momentum: 0.9),
        Reduction = Reduction.Mean,
        PullCompression = mode switch
        {
            GradientCompressionMode.Bf16 => GradientCompression.Bf16,
            GradientCompressionMode.Int8 => GradientCompression.Int8,
            _ => GradientCompression.None,
        },
        BlockBytes = blockBytes,
        Workers = 2,
        Seed = 5,
    };
}
