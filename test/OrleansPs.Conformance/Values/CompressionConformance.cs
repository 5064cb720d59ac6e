using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace OrleansPs.Conformance;

/// <summary>
/// Gradients that are sent encoded give the same bits on every host, in every order, in blocks of every size, and whether steps are done again; what error
/// feedback keeps comes along with a worker that saves it.
/// </summary>
public abstract class CompressionConformance(ConformanceHost host) : HostTests(host)
{
    private const int Workers = 3;
    private const int Steps = 6;

    public static TheoryData<GradientCompressionMode> Modes => [GradientCompressionMode.Bf16, GradientCompressionMode.Int8, GradientCompressionMode.TopK, GradientCompressionMode.OneBit];

    /// <summary>The digests are of the results: they are the same on all hosts, and were so when this was written.</summary>
    [Theory]
    [InlineData(GradientCompressionMode.None, "0c37d2d92ba68287")]
    [InlineData(GradientCompressionMode.Bf16, "f20d2bf0508df88c")]
    [InlineData(GradientCompressionMode.Int8, "8a5eda450ff49132")]
    [InlineData(GradientCompressionMode.TopK, "6e53729e7507b4c2")]
    [InlineData(GradientCompressionMode.OneBit, "d4f82cc53a849a56")]
    public async Task The_result_has_the_bits_that_it_has_on_every_host(GradientCompressionMode mode, string digest)
    {
        var result = await TrainAsync(SpecOf(mode, 4096), shuffle: null);
        Assert.Equal(digest, Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes<float>(result)))[..16]);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task The_result_has_the_same_bits_in_every_order_and_in_blocks_of_every_size(GradientCompressionMode mode)
    {
        var expected = await TrainAsync(SpecOf(mode, 4096), shuffle: null);

        Tensors.SameBits(expected, await TrainAsync(SpecOf(mode, 4096), shuffle: 1));
        Tensors.SameBits(expected, await TrainAsync(SpecOf(mode, 4096 + 192), shuffle: 2));
        Tensors.SameBits(expected, await TrainAsync(SpecOf(mode, 1 << 20), shuffle: 3));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task A_step_that_is_done_again_changes_no_bit(GradientCompressionMode mode)
    {
        var expected = await TrainAsync(SpecOf(mode, 4096), shuffle: null);

        Tensors.SameBits(expected, await TrainAsync(SpecOf(mode, 4096), shuffle: null, async (worker, step) =>
        {
            if (step % Workers != worker.Rank) return worker;
            await WorkAsync(worker, Limit);
            await worker.ResumeAsync(Limit);
            return worker;
        }));
    }

    [Theory]
    [InlineData(GradientCompressionMode.TopK)]
    [InlineData(GradientCompressionMode.OneBit)]
    public async Task A_worker_that_loads_what_another_one_saved_goes_on_in_its_place(GradientCompressionMode mode)
    {
        var expected = await TrainAsync(SpecOf(mode, 4096), shuffle: null);

        Tensors.SameBits(expected, await TrainAsync(SpecOf(mode, 4096), shuffle: null, async (worker, step) =>
        {
            if (step % Workers != worker.Rank) return worker;
            using var saved = new MemoryStream();
            await worker.SaveResidualsAsync(saved, Limit);
            await WorkAsync(worker, Limit);
            var next = await JoinAsync(worker.Model, worker.Rank);
            saved.Position = 0;
            await next.LoadResidualsAsync(saved, Limit);
            return next;
        }));
    }

    [Fact]
    public async Task A_worker_that_begins_anew_has_no_residuals()
    {
        var spec = SpecOf(GradientCompressionMode.OneBit, 4096) with { Workers = 1 };
        var workers = await BeginAsync(spec);
        await WorkAsync(workers[0], Limit);
        await Crowd.ClockAsync(workers, Limit);
        using var saved = new MemoryStream();
        await workers[0].SaveResidualsAsync(saved, Limit);
        await workers[0].PushAsync(TensorSet.For(spec), Limit);
        var next = await JoinAsync(spec.Name, 0);
        using var zeros = new MemoryStream();
        await next.SaveResidualsAsync(zeros, Limit);

        Assert.Equal(saved.Length, zeros.Length);
        Assert.Contains(saved.ToArray()[64..^32], b => b != 0);
        Assert.NotEqual(saved.ToArray(), zeros.ToArray());
    }

    [Fact]
    public async Task A_spec_that_asks_for_too_much_is_refused()
    {
        var spec = SpecOf(GradientCompressionMode.None, 4096) with { Compression = GradientCompression.TopK(0.75) };
        var e = await Assert.ThrowsAsync<InvalidSpecException>(() => Server.CreateModelAsync(spec, Limit));

        Assert.Equal(("Compression.K", 0.75), (e.Parameter, e.Value));
    }

    [Fact]
    public async Task Another_compression_is_another_spec()
    {
        var spec = SpecOf(GradientCompressionMode.Bf16, 4096);
        await CreateAsync(spec);
        var e = await Assert.ThrowsAsync<SpecMismatchException>(
            () => Server.CreateModelAsync(spec with { Compression = GradientCompression.Int8 }, Limit));

        Assert.Equal("Compression.Type is 'int8', was 'bf16'", e.Difference);
    }

    private ModelSpec SpecOf(GradientCompressionMode mode, int blockBytes) => Spec(
        new("a", [300], Initializer.Normal()), new("b", [2500], Initializer.Uniform(-1, 1)), new("c", []), new("d", [3, 5, 41])) with
    {
        Compression = mode switch
        {
            GradientCompressionMode.Bf16 => GradientCompression.Bf16,
            GradientCompressionMode.Int8 => GradientCompression.Int8,
            GradientCompressionMode.TopK => GradientCompression.TopK(0.05),
            GradientCompressionMode.OneBit => GradientCompression.OneBit,
            _ => GradientCompression.None,
        },
        Optimizer = Optimizer.Sgd(0.1, momentum: 0.9),
        Reduction = Reduction.Mean,
        BlockBytes = blockBytes,
        Workers = Workers,
        Seed = 5,
    };

    /// <summary>One worker after the other; with a seed in an order that it draws for every step.</summary>
    /// <param name="spec">The model.</param>
    /// <param name="shuffle">The seed.</param>
    /// <param name="before">What happens to a worker before a step, and who does it then.</param>
    private async Task<float[]> TrainAsync(ModelSpec spec, int? shuffle, Func<IParameterWorker, int, Task<IParameterWorker>>? before = null)
    {
        var workers = await BeginAsync(spec);
        var random = new Random(shuffle ?? 0);
        for (var step = 0; step < Steps; step++)
        {
            if (shuffle is not null) random.Shuffle(workers);
            for (var i = 0; i < workers.Length; i++)
            {
                if (before is not null) workers[i] = await before(workers[i], step);
                await WorkAsync(workers[i], Limit);
            }
            await Crowd.ClockAsync(workers, Limit);
        }
        return await Tensors.PullAsync(workers[0], Limit);
    }

    /// <summary>The work of one step, twice pushed, for the data that the rank's position names.</summary>
    private static async Task WorkAsync(IParameterWorker worker, CancellationToken cancellationToken)
    {
        var (values, gradient) = (TensorSet.For(worker.Spec), TensorSet.For(worker.Spec));
        await worker.PullAsync(values, cancellationToken);
        for (var push = 0; push < 2; push++)
        {
            Noise.Fill(gradient, 31 + push, worker.Rank, worker.Position.Cursor);
            foreach (var (name, g) in gradient)
                for (var i = 0; i < g.Length; i++) g.Span[i] += 0.1f * values[name].Span[i];
            if (push == 0) await worker.PushAsync(gradient, cancellationToken);
            else await worker.PushPullAsync(gradient, values, cancellationToken);
        }
    }
}
