using System.Runtime.InteropServices;
using FsCheck.Xunit;
using OrleansPs.Core.Optimizers;

namespace OrleansPs.Client.Tests;

/// <summary>
/// One worker sends the largest tenth of its gradients over a network that loses, repeats, delays and reorders, with calls that are cancelled, clocks whose
/// answer is never heard, steps that are done again and evictions. In the end what the model has got and what the session has kept are, to the last bit, all that was to be sent.
/// </summary>
public sealed class ResidualStoryTests
{
    private const int Steps = 6;
    private const int PushesOfAStep = 2;
    private static readonly string[] s_names = ["a", "b", "c"];

    [Property(MaxTest = 40)]
    public void Nothing_is_lost_and_nothing_is_sent_twice(int seed)
    {
        var random = new Random(seed);
        var rig = Rig.Of(Rig.SpecOf(s_names.Length) with { Reduction = Reduction.Sum, Compression = GradientCompression.TopK(0.1) });
        var service = new InProcessTransport(rig.Spec);
        var network = new UnreliableTransport(service, rig.Time, random);

        var story = new Story(rig, service, network, random).TellAsync();
        rig.PassUntilEnd(story, TimeSpan.FromHours(3));

        story.GetAwaiter().GetResult();
    }

    private sealed class Story(Rig rig, InProcessTransport service, UnreliableTransport network, Random random)
    {
        private readonly WorkerOptions _options = new()
        {
            RequestTimeout = Rig.Second,
            RetryFor = TimeSpan.FromHours(1),
            MaxInFlight = random.Next(1, 4),
        };

        private WorkerSession _session = null!;

        public async Task TellAsync()
        {
            _session = await WorkerSession.JoinAsync(network, rig.Spec, 0, _options, rig.Environment, default);
            while (_session.Position.Step < Steps)
            {
                if (random.NextDouble() < 0.1) service.EvictAfter = random.Next(3);
                try
                {
                    await StepAsync(_session.Position.Step);
                }
                catch (Exception e) when (e is StepRestartException or OperationCanceledException)
                {
                    await _session.ResumeAsync();
                }
            }
            await AssertAllAsync();
            await _session.DisposeAsync();
        }

        private async Task StepAsync(long step)
        {
            await Task.WhenAll(Enumerable.Range(0, PushesOfAStep).Select(push => PushAsync(step, push)).ToArray());
            using var cancel = Cancellation(0.3);
            await _session.ClockAsync(step + 1, cancel.Token);
        }

        private async Task PushAsync(long step, int push)
        {
            using var cancel = Cancellation(0.05);
            await _session.PushAsync(Gradients(step, push), cancel.Token);
        }

        private async Task AssertAllAsync()
        {
            var (values, saved) = (Rig.Tensors(s_names), new MemoryStream());
            await _session.PullAsync(values);
            await _session.SaveResidualsAsync(saved);
            var parameters = saved.ToArray().AsMemory()[29..^32];
            foreach (var name in s_names)
            {
                // Each has a name of one byte and its length before its floats.
                var residual = MemoryMarshal.Cast<byte, float>(parameters.Span.Slice(9, 4096)).ToArray();
                parameters = parameters[(9 + 4096)..];
                var sent = new float[1024];
                for (var step = 0; step < Steps; step++)
                    for (var push = 0; push < PushesOfAStep; push++)
                        GradientMath.Add(sent, Gradients(step, push)[name].Span);
                Assert.Contains(residual, r => r != 0);
                Assert.Equal(sent, values[name].ToArray().Zip(residual, (v, r) => v + r));
            }
        }

        private CancellationTokenSource Cancellation(double probability) => random.NextDouble() < probability
            ? new(TimeSpan.FromMilliseconds(random.Next(500)), rig.Time)
            : new();

        // Whole numbers, so that all sums are exact.
        private static TensorSet Gradients(long step, int push)
        {
            var (set, numbers) = (Rig.Tensors(s_names), new Random((int)((step * PushesOfAStep) + push)));
            foreach (var (_, memory) in set)
                foreach (ref var g in memory.Span) g = numbers.Next(-100, 101);
            return set;
        }
    }
}
