namespace OrleansPs.Client.Tests;

/// <summary>A session sends each push in one code, as often as it must, and gives a transport without codes the numbers that they stand for.</summary>
public sealed class CompressedPushTests
{
    public static TheoryData<GradientCompressionMode> Modes => [GradientCompressionMode.Bf16, GradientCompressionMode.Int8, GradientCompressionMode.TopK, GradientCompressionMode.OneBit];

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task A_push_that_is_sent_again_has_the_same_bytes_and_counts_once(GradientCompressionMode mode)
    {
        var calm = await TrainAsync(SpecOf(mode), steps: 3);
        var rough = await TrainAsync(SpecOf(mode), steps: 3, losses: 8);

        Assert.Equal(calm.Values, rough.Values);
        Assert.True(rough.Sent.Count >= calm.Sent.Count + 4);
        Assert.Equal(calm.Sent.Order(), rough.Sent.Distinct().Order());
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task The_size_of_blocks_and_the_transport_change_no_bit(GradientCompressionMode mode)
    {
        var expected = await TrainAsync(SpecOf(mode), steps: 4);
        foreach (var blockBytes in (int[])[4096, 4160, 5056, 1 << 20])
        {
            var spec = SpecOf(mode) with { BlockBytes = blockBytes };
            Assert.Equal(expected.Values, (await TrainAsync(spec, steps: 4)).Values);
            Assert.Equal(expected.Values, (await TrainAsync(spec, steps: 4, carriesCodes: false)).Values);
        }
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task A_gradient_is_not_changed(GradientCompressionMode mode)
    {
        var (rig, _) = RigOf(SpecOf(mode));
        await using var _ = rig;
        var gradients = Gradients(rig.Spec, 1);
        var before = gradients["a"].ToArray();
        await rig.Session.PushAsync(gradients);
        Assert.Equal(before, gradients["a"].ToArray());
    }

    [Fact]
    public async Task Each_push_and_each_step_is_rounded_in_its_own_way()
    {
        var (rig, wire) = RigOf(SpecOf(GradientCompressionMode.Int8));
        await using var _ = rig;
        for (var step = 0; step < 2; step++)
        {
            await rig.Session.PushAsync(Gradients(rig.Spec, 1));
            await rig.Session.PushAsync(Gradients(rig.Spec, 1));
            await rig.Session.ClockAsync(step);
        }
        var codes = wire.Sent.Where(s => s.Block == 0).Select(s => s.Code).ToArray();
        Assert.Equal((4, 4), (codes.Length, codes.Distinct().Count()));
    }

    [Fact]
    public async Task A_parameter_may_have_its_own_compression_and_a_frozen_one_has_none()
    {
        var spec = SpecOf(GradientCompressionMode.Bf16) with
        {
            Parameters =
            [
                new("a", [1500]), new("b", [1024]) { Compression = GradientCompression.None }, new("c", [300]) { Compression = GradientCompression.OneBit },
                new("d", [10]) { Group = "frozen" },
            ],
            Groups = [new("frozen") { Frozen = true, Compression = GradientCompression.TopK() }],
        };
        var (rig, wire) = RigOf(spec);
        await using var _ = rig;
        var gradients = Gradients(spec, 1);
        await rig.Session.PushAsync(gradients);

        var codes = wire.Sent.SelectMany(s => s.Code.Split(';', StringSplitOptions.None)[..^1]).ToArray();
        Assert.Equal(1500 * 2, codes.Where(c => c.Length % 4 == 0 && c.Length > 200).Sum(c => c.Length / 2));
        Assert.Contains(codes, c => c.Length / 2 == 16 + 38);
        Assert.Contains("", codes);
    }

    [Fact]
    public async Task A_gradient_that_is_refused_leaves_no_trace()
    {
        var (rig, wire) = RigOf(SpecOf(GradientCompressionMode.OneBit));
        await using var _ = rig;
        var gradients = Gradients(rig.Spec, 1);
        gradients["b"].Span[3] = float.NaN;
        await Assert.ThrowsAsync<NonFiniteGradientException>(() => rig.Session.PushAsync(gradients).AsTask());
        Assert.Empty(wire.Sent);

        var good = await TrainAsync(SpecOf(GradientCompressionMode.OneBit), steps: 1);
        await rig.Session.PushAsync(Gradients(rig.Spec, 0));
        await rig.Session.PushAsync(Gradients(rig.Spec, 100));
        Assert.Equal(good.Sent, wire.Sent);
    }

    internal static ModelSpec SpecOf(GradientCompressionMode mode) => Rig.SpecOf() with
    {
        // One that spans blocks, one that shares the last of them, and one of less than a chunk.
        Parameters = [new("a", [2500]), new("b", [700]), new("c", [10])],
        Compression = Compressions.Of(mode),
        Seed = 3,
    };

    internal static (Rig Rig, CodeRecorder Wire) RigOf(ModelSpec spec)
    {
        var rig = Rig.Of(spec);
        var wire = new CodeRecorder(spec, new InProcessTransport(spec));
        return (rig.JoinedOver(wire), wire);
    }

    internal static TensorSet Gradients(ModelSpec spec, int seed)
    {
        var (random, gradients) = (new Random(seed), TensorSet.For(spec));
        foreach (var (_, memory) in gradients)
            foreach (ref var g in memory.Span) g = (random.NextSingle() - 0.5f) * 1e-2f;
        return gradients;
    }

    internal static async Task StepAsync(IParameterWorker worker, int step)
    {
        await worker.PushAsync(Gradients(worker.Spec, step));
        await worker.PushAsync(Gradients(worker.Spec, 100 + step));
        await worker.ClockAsync(step);
    }

    private sealed record Training(float[] Values, List<(int Block, long Step, int Sequence, string Code)> Sent);

    private static async Task<Training> TrainAsync(ModelSpec spec, int steps, int losses = 0, bool carriesCodes = true)
    {
        var rig = Rig.Of(spec);
        await using var _ = rig;
        var service = new InProcessTransport(spec);
        var wire = new CodeRecorder(spec, service) { Losses = losses };
        rig.JoinedOver(carriesCodes ? wire : service);
        for (var step = 0; step < steps; step++)
        {
            var call = StepAsync(rig.Session, step);
            rig.PassUntilEnd(call);
            await call;
        }
        var values = TensorSet.For(spec);
        await rig.Session.PullAsync(values);
        return new([.. values.SelectMany(v => v.Value.ToArray())], wire.Sent);
    }
}
