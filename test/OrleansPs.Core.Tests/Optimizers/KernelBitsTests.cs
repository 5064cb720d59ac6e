using FsCheck.Xunit;
using OrleansPs.Core.Optimizers;

namespace OrleansPs.Core.Tests.Optimizers;

/// <summary>Every kernel, bit by bit, against its scalar twin, wherever a call is cut and however memory is aligned.</summary>
public class KernelBitsTests
{
    private static readonly Optimizer[] s_optimizers =
    [
        Optimizer.Sgd(0.1),
        Optimizer.Sgd(0.1, weightDecay: 0.01),
        Optimizer.Sgd(0.1, momentum: 0.9),
        Optimizer.Sgd(0.1, momentum: 0.9, dampening: 0.3, weightDecay: 0.01),
        Optimizer.Sgd(0.1, momentum: 0.9, weightDecay: 0.01, nesterov: true),
        Optimizer.Adam(),
        Optimizer.Adam(0.01, 0.8, 0.99, 1e-6, 0.1),
        Optimizer.AdamW(),
        Optimizer.Adagrad(),
        Optimizer.Adagrad(0.1, lrDecay: 0.2, weightDecay: 0.01, eps: 1e-6),
        Optimizer.RmsProp(),
        Optimizer.RmsProp(0.1, 0.9, 1e-6, weightDecay: 0.01),
        Optimizer.RmsProp(0.1, weightDecay: 0.01, momentum: 0.9),
        Optimizer.RmsProp(0.1, weightDecay: 0.01, centered: true),
        Optimizer.FtrlProximal(),
        Optimizer.FtrlProximal(0.2, 0.5, l1: 0.1, l2: 0.3),
        Optimizer.FtrlProximal(0.2, l1: 0.1) with { WeightDecay = 0.01 },
        Optimizer.Sum(),
        Optimizer.Assign(),
    ];

    [Fact]
    public void Every_length_gives_the_bits_of_the_scalar_twin()
    {
        for (var length = 0; length <= 200; length++)
        {
            foreach (var optimizer in s_optimizers) AssertLikeTwin(optimizer, length, length, split: length, offset: 0);
        }
    }

    [Property(MaxTest = 300)]
    public void Any_split_and_any_alignment_give_the_bits_of_the_scalar_twin(int seed, byte length, byte split, byte offset)
    {
        foreach (var optimizer in s_optimizers) AssertLikeTwin(optimizer, seed, length, split % (length + 1), offset % 16);
    }

    [Fact]
    public void Elements_outside_of_a_slice_stay_as_they_are()
    {
        foreach (var optimizer in s_optimizers)
        {
            var state = TestState.Random(new Random(1), 40);
            var before = state.Clone();
            state.Step(OptimizerKernel.For(optimizer), 3, TestState.RandomGradient(new Random(2), 21), new(1, 2));
            Bits.AssertSame(before.Values.AsSpan(0, 3), state.Values.AsSpan(0, 3));
            Bits.AssertSame(before.Values.AsSpan(24), state.Values.AsSpan(24));
            Bits.AssertSame(before.Slot0.AsSpan(24), state.Slot0.AsSpan(24));
            Bits.AssertSame(before.Slot1.AsSpan(24), state.Slot1.AsSpan(24));
        }
    }

    [Fact]
    public void A_step_allocates_nothing()
    {
        var state = TestState.Random(new Random(1), 1001);
        var gradient = TestState.RandomGradient(new Random(2), 1001);
        foreach (var optimizer in s_optimizers)
        {
            var kernel = OptimizerKernel.For(optimizer);
            state.Step(kernel, 0, gradient, new(1, 1));
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 100; i++) state.Step(kernel, 0, gradient, new(1, 2));
            Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        }
    }

    // Three updates in a row, so that the first one of momentum and later ones are met, and both pieces of each split.
    private static void AssertLikeTwin(Optimizer optimizer, int seed, int length, int split, int offset)
    {
        var random = new Random(seed);
        var kernel = OptimizerKernel.For(optimizer);
        var state = TestState.Random(random, offset + length, optimizer);
        var twin = state.Clone();
        for (var count = 1; count <= 3; count++)
        {
            var gradient = TestState.RandomGradient(random, offset + length);
            var update = new UpdateContext(1.0 / count, count);
            state.Step(kernel, 0, gradient.AsSpan(0, offset), update);
            state.Step(kernel, offset, gradient.AsSpan(offset, split), update);
            state.Step(kernel, offset + split, gradient.AsSpan(offset + split), update);
            ScalarTwin.Step(optimizer, twin, gradient, update);
            state.AssertSameBits(twin);
        }
    }
}
