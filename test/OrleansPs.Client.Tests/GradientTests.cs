using System.Runtime.InteropServices;
using OrleansPs.Core.Messages;

namespace OrleansPs.Client.Tests;

public sealed class GradientTests
{
    private static readonly float OddNaN = BitConverter.UInt32BitsToSingle(0x7fc01234);

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public async Task Rejected_gradients_change_nothing_anywhere(float poison)
    {
        await using var rig = await Rig.JoinAsync(SpecOf(NonFinitePolicy.Reject, GradientClipping.ByValue(1)));
        var gradients = Gradients((0, 5), (1000, poison), (1001, poison));
        var before = Bits(gradients);

        foreach (var call in new Func<Task>[]
        {
            () => rig.Session.PushAsync(gradients).AsTask(),
            () => rig.Session.PushPullAsync(gradients, Rig.Tensors("a")).AsTask(),
        })
        {
            var error = await Assert.ThrowsAsync<NonFiniteGradientException>(call);
            Assert.Equal(("b", 1000, poison), (error.Parameter, error.Index, error.Value));
        }

        Assert.Equal(before, Bits(gradients));
        Assert.Single(rig.Transport.Requests);
        await rig.Session.ClockAsync(1);
    }

    [Fact]
    public async Task Skipped_gradients_are_left_out_and_the_call_succeeds()
    {
        await using var rig = await Rig.JoinAsync(SpecOf(NonFinitePolicy.Skip, GradientClipping.ByValue(1)));
        var (gradients, values) = (Gradients((0, 5), (1, float.NaN)), Rig.Tensors("b"));
        var before = Bits(gradients);
        rig.Transport.Value = 3;

        await rig.Session.PushAsync(gradients);
        await rig.Session.PushPullAsync(gradients, values);

        Assert.Equal([(Call.Join, -1), (Call.Pull, 1)], rig.Transport.Requests.Select(r => (r.Call, r.Block)));
        Assert.Equal(3, values["b"].Span[0]);
        Assert.Equal(before, Bits(gradients));
        await rig.Session.ClockAsync(1);
    }

    [Fact]
    public async Task Accepted_gradients_are_sent_bit_by_bit()
    {
        await using var rig = await Rig.JoinAsync(SpecOf(NonFinitePolicy.Accept));
        var gradients = Gradients((0, OddNaN), (1, float.NegativeInfinity), (2, -0f), (3, float.Epsilon));

        await rig.Session.PushAsync(gradients);

        var sent = rig.Transport.Of(Call.Push).ToArray();
        Assert.Equal(gradients["b"].ToArray().Select(BitConverter.SingleToUInt32Bits), sent[1].Gradient[0].Select(BitConverter.SingleToUInt32Bits));
    }

    [Fact]
    public async Task A_clip_by_value_limits_every_element_of_the_callers_gradients()
    {
        await using var rig = await Rig.JoinAsync(SpecOf(clipping: GradientClipping.ByValue(0.5)));
        var gradients = Gradients((0, 5), (1, -5), (2, 0.25f), (3, -0.5f));

        await rig.Session.PushAsync(gradients);

        float[] clipped = [0.5f, -0.5f, 0.25f, -0.5f];
        Assert.Equal(clipped, gradients["b"][..4].ToArray());
        Assert.Equal(clipped, rig.Transport.Of(Call.Push).Last().Gradient[0][..4]);
    }

    [Fact]
    public async Task A_clip_by_global_norm_scales_all_gradients_of_a_call_by_one_factor()
    {
        await using var rig = await Rig.JoinAsync(SpecOf(clipping: GradientClipping.ByGlobalNorm(1), still: true));
        var gradients = Rig.Tensors("a", "b", "still");
        gradients["a"].Span[7] = 2;
        gradients["b"].Span[1023] = -3;
        // Frozen parameters are not sent, and yet their gradients are part of the norm: sqrt(4 + 9 + 36) = 7.
        gradients["still"].Span[0] = 6;

        await rig.Session.PushAsync(gradients);

        var factor = (float)(1 / (7 + 1e-6));
        Assert.Equal((2 * factor, -3 * factor, 6 * factor), (gradients["a"].Span[7], gradients["b"].Span[1023], gradients["still"].Span[0]));
        Assert.Equal([0, 1], rig.Transport.Of(Call.Push).Select(p => p.Block));
        Assert.Equal(2 * factor, rig.Transport.Of(Call.Push).First().Gradient[0][7]);
    }

    [Fact]
    public async Task A_norm_within_the_limit_leaves_every_bit()
    {
        await using var rig = await Rig.JoinAsync(SpecOf(clipping: GradientClipping.ByGlobalNorm(5.1)));
        var gradients = Gradients((0, 3), (1, 4));
        var before = Bits(gradients);

        await rig.Session.PushAsync(gradients);

        Assert.Equal(before, Bits(gradients));
    }

    [Fact]
    public async Task Nothing_is_clipped_for_a_push_that_cannot_begin()
    {
        var spec = SpecOf(clipping: GradientClipping.ByValue(1)) with { PushesPerStep = 1 };
        await using var rig = await Rig.JoinAsync(spec);
        var gradients = Gradients((0, 5));
        var before = Bits(gradients);
        await rig.Session.PushAsync(Rig.Tensors("a", "b"));

        await Assert.ThrowsAsync<WorkerStateException>(() => rig.Session.PushAsync(gradients).AsTask());
        Assert.Equal(before, Bits(gradients));

        rig.Transport.On(Call.Clock, CoordinatorStatus.Evicted);
        await Assert.ThrowsAsync<StepRestartException>(() => rig.Session.ClockAsync(1).AsTask());
        await Assert.ThrowsAsync<StepRestartException>(() => rig.Session.PushAsync(gradients).AsTask());
        Assert.Equal(before, Bits(gradients));
    }

    private static ModelSpec SpecOf(
        NonFinitePolicy nonFinite = NonFinitePolicy.Reject, GradientClipping? clipping = null, bool still = false) =>
        Rig.SpecOf(2) with
        {
            Parameters = [new("a", [1024]), new("b", [1024]), .. still ? [new DenseParameter("still", [1024]) { Group = "g" }] : Array.Empty<DenseParameter>()],
            Groups = still ? [new("g") { Frozen = true }] : [],
            NonFinite = nonFinite,
            Clipping = clipping ?? GradientClipping.None,
        };

    /// <summary>Zeros, but for some elements of b.</summary>
    private static TensorSet Gradients(params (int Index, float Value)[] elements)
    {
        var set = Rig.Tensors("a", "b");
        foreach (var (index, value) in elements) set["b"].Span[index] = value;
        return set;
    }

    private static uint[] Bits(TensorSet set) =>
        [.. set.SelectMany(t => MemoryMarshal.Cast<float, uint>(t.Value.Span).ToArray())];
}
