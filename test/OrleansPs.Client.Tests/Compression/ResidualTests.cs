namespace OrleansPs.Client.Tests;

/// <summary>What a push leaves out is neither lost nor sent twice, whatever becomes of its step; and it can be saved.</summary>
public sealed class ResidualTests
{
    public static TheoryData<GradientCompressionMode> Modes => [GradientCompressionMode.TopK, GradientCompressionMode.OneBit];

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task A_step_that_is_done_again_sends_what_it_sent(GradientCompressionMode mode)
    {
        var (rig, wire) = CompressedPushTests.RigOf(CompressedPushTests.SpecOf(mode));
        await using var _ = rig;
        await CompressedPushTests.StepAsync(rig.Session, 0);
        await rig.Session.PushAsync(CompressedPushTests.Gradients(rig.Spec, 1));
        await rig.Session.ResumeAsync();
        await CompressedPushTests.StepAsync(rig.Session, 1);

        var first = wire.Sent.Where(s => s is { Step: 1, Sequence: 0 }).ToArray();
        Assert.Equal(first[..(first.Length / 2)], first[(first.Length / 2)..]);
        Assert.NotEqual(wire.Sent.First(s => s is { Block: 0, Step: 1, Sequence: 0 }).Code, (await FirstCodeAsync(mode, 1)));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task What_was_received_and_what_is_left_are_all_that_was_sent(GradientCompressionMode mode)
    {
        var (rig, wire) = CompressedPushTests.RigOf(CompressedPushTests.SpecOf(mode) with { Reduction = Reduction.Sum });
        await using var _ = rig;
        for (var step = 0; step < 5; step++)
        {
            if (step == 2) await AbortAsync(rig);
            await CompressedPushTests.StepAsync(rig.Session, step);
        }
        var (sent, received, left) = (new double[2500], TensorSet.For(rig.Spec), await SavedAsync(rig.Session));
        for (var step = 0; step < 5; step++)
            foreach (var push in (int[])[step, 100 + step])
                for (var i = 0; i < sent.Length; i++) sent[i] += CompressedPushTests.Gradients(rig.Spec, push)["a"].Span[i];
        await rig.Session.PullAsync(received);
        // The floats of the first parameter stand after its name and length, those after the head.
        var residual = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(left.AsSpan(HeadBytes + 4 + 1 + 4, 2500 * 4)).ToArray();
        Assert.Contains(residual, r => r != 0);
        for (var i = 0; i < sent.Length; i++) Assert.Equal(sent[i], received["a"].Span[i] + residual[i], 1e-5);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task A_clock_that_was_taken_unheard_finishes_the_step(GradientCompressionMode mode)
    {
        var (calm, rough) = (CompressedPushTests.RigOf(CompressedPushTests.SpecOf(mode)), CompressedPushTests.RigOf(CompressedPushTests.SpecOf(mode)));
        await using var _ = calm.Rig;
        await using var __ = rough.Rig;
        for (var step = 0; step < 2; step++) await CompressedPushTests.StepAsync(calm.Rig.Session, step);

        rough.Wire.ClockLosses = int.MaxValue;
        using var cancel = new CancellationTokenSource();
        await rough.Rig.Session.PushAsync(CompressedPushTests.Gradients(rough.Rig.Spec, 0));
        await rough.Rig.Session.PushAsync(CompressedPushTests.Gradients(rough.Rig.Spec, 100));
        var clock = rough.Rig.Session.ClockAsync(0, cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => clock);
        rough.Wire.ClockLosses = 0;
        Assert.Equal(1, (await rough.Rig.Session.ResumeAsync()).Step);
        await CompressedPushTests.StepAsync(rough.Rig.Session, 1);

        Assert.Equal(calm.Wire.Sent, rough.Wire.Sent);
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task A_model_that_was_put_back_begins_without_residuals(GradientCompressionMode mode)
    {
        var (rig, wire) = CompressedPushTests.RigOf(CompressedPushTests.SpecOf(mode));
        await using var _ = rig;
        await CompressedPushTests.StepAsync(rig.Session, 0);
        var zeros = await SavedAsync((await JoinedAsync(mode)).Session);
        Assert.NotEqual(Rest(zeros), Rest(await SavedAsync(rig.Session)));
        wire.Joining = reply => reply with { Generation = 1 };
        await rig.Session.ResumeAsync();
        Assert.Equal(Rest(zeros), Rest(await SavedAsync(rig.Session)));
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public async Task A_worker_that_loads_what_it_saved_goes_on_as_if_it_had_not_ended(GradientCompressionMode mode)
    {
        var spec = CompressedPushTests.SpecOf(mode);
        var (rig, wire) = CompressedPushTests.RigOf(spec);
        await using var _ = rig;
        await CompressedPushTests.StepAsync(rig.Session, 0);
        await rig.Session.PushAsync(CompressedPushTests.Gradients(spec, 7));
        var saved = await SavedAsync(rig.Session);
        await rig.Session.ResumeAsync();

        var (next, nextWire) = CompressedPushTests.RigOf(spec);
        await using var __ = next;
        await CompressedPushTests.StepAsync(next.Session, 40);
        Assert.NotEqual(saved, await SavedAsync(next.Session));
        await next.Session.LoadResidualsAsync(new MemoryStream(saved));
        Assert.Equal(saved, await SavedAsync(next.Session));
        await next.Session.PushAsync(CompressedPushTests.Gradients(spec, 1));
        await rig.Session.PushAsync(CompressedPushTests.Gradients(spec, 1));
        Assert.Equal(
            wire.Sent.Last(s => s.Block == 0).Code, nextWire.Sent.Last(s => s.Block == 0).Code);
    }

    [Fact]
    public async Task Residuals_that_do_not_fit_are_refused_and_change_nothing()
    {
        var (rig, _) = CompressedPushTests.RigOf(CompressedPushTests.SpecOf(GradientCompressionMode.OneBit));
        await using var __ = rig;
        await CompressedPushTests.StepAsync(rig.Session, 0);
        var saved = await SavedAsync(rig.Session);
        for (var place = 0; place < saved.Length; place += 61) await RefusedAsync(rig.Session, saved, place);
        foreach (var length in (int[])[0, 3, HeadBytes - 1, HeadBytes, saved.Length / 2, saved.Length - 1])
        {
            var e = await Assert.ThrowsAsync<ResidualsException>(() => rig.Session.LoadResidualsAsync(new MemoryStream(saved[..length])));
            Assert.Contains("too early", e.Problem, StringComparison.Ordinal);
        }
        Assert.Equal(saved, await SavedAsync(rig.Session));

        await CompressedPushTests.StepAsync(rig.Session, 1);
        var other = await Assert.ThrowsAsync<ResidualsException>(() => rig.Session.LoadResidualsAsync(new MemoryStream(saved)));
        Assert.Equal(("m", 0), (other.Model, other.Rank));
        Assert.Contains("step 2", other.Problem, StringComparison.Ordinal);

        var mine = await SavedAsync(rig.Session);
        await rig.Session.PushAsync(CompressedPushTests.Gradients(rig.Spec, 5));
        await Assert.ThrowsAsync<WorkerStateException>(() => rig.Session.LoadResidualsAsync(new MemoryStream(mine)));
    }

    [Fact]
    public async Task Residuals_of_other_parameters_are_refused()
    {
        var saved = await SavedAsync((await JoinedAsync(GradientCompressionMode.OneBit)).Session);
        var spec = CompressedPushTests.SpecOf(GradientCompressionMode.OneBit);
        foreach (var parameters in (DenseParameter[][])[
            [new("a", [2500]), new("b", [701]), new("c", [10])], [new("a", [2500]), new("B", [700]), new("c", [10])], [new("a", [2500])]])
        {
            var (rig, _) = CompressedPushTests.RigOf(spec with { Parameters = parameters });
            await using var __ = rig;
            await Assert.ThrowsAsync<ResidualsException>(() => rig.Session.LoadResidualsAsync(new MemoryStream(saved)));
        }
    }

    private const int HeadBytes = 4 + 4 + 4 + 8 + (4 + 1) + 4;

    private static byte[] Rest(byte[] saved) => saved[HeadBytes..^32];

    private static async Task<byte[]> SavedAsync(WorkerSession session)
    {
        using var saved = new MemoryStream();
        await session.SaveResidualsAsync(saved);
        return saved.ToArray();
    }

    private static async Task RefusedAsync(WorkerSession session, byte[] saved, int place)
    {
        var damaged = saved.ToArray();
        damaged[place] ^= 0x10;
        await Assert.ThrowsAsync<ResidualsException>(() => session.LoadResidualsAsync(new MemoryStream(damaged)));
    }

    private static async Task AbortAsync(Rig rig)
    {
        await rig.Session.PushAsync(CompressedPushTests.Gradients(rig.Spec, 50));
        await rig.Session.ResumeAsync();
    }

    private static Task<Rig> JoinedAsync(GradientCompressionMode mode) => Task.FromResult(CompressedPushTests.RigOf(CompressedPushTests.SpecOf(mode)).Rig);

    private static async Task<string> FirstCodeAsync(GradientCompressionMode mode, int gradient)
    {
        var (rig, wire) = CompressedPushTests.RigOf(CompressedPushTests.SpecOf(mode));
        await using var _ = rig;
        await rig.Session.PushAsync(CompressedPushTests.Gradients(rig.Spec, gradient));
        return wire.Sent.First(s => s.Block == 0).Code;
    }
}
