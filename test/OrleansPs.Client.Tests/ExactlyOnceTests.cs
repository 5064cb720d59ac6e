using FsCheck.Xunit;

namespace OrleansPs.Client.Tests;

/// <summary>
/// One worker over a network that loses, repeats, delays and reorders, with calls that are cancelled, steps that are done
/// again and evictions: whatever happens, each push counts once.
/// </summary>
public sealed class ExactlyOnceTests
{
    private const int Steps = 6;
    private const int PushesOfAStep = 3;

    [Property(MaxTest = 40)]
    public void Under_bsp_every_push_counts_once_and_every_pull_sees_the_rounds_before(int seed) =>
        Run(seed, ConsistencyPolicy.BulkSynchronous);

    [Property(MaxTest = 40)]
    public void Under_ssp_every_push_counts_once_and_every_pull_sees_the_workers_own(int seed) =>
        Run(seed, ConsistencyPolicy.StaleSynchronous(2));

    [Property(MaxTest = 20)]
    public void Under_asp_every_push_counts_once(int seed) => Run(seed, ConsistencyPolicy.Asynchronous);

    private static void Run(int seed, ConsistencyPolicy consistency)
    {
        var random = new Random(seed);
        var rig = Rig.Of(Rig.SpecOf(3, consistency) with { Reduction = Reduction.Sum });
        var service = new InProcessTransport(rig.Spec);
        var network = new UnreliableTransport(service, rig.Time, random);

        var story = new Story(rig, service, network, random).TellAsync();
        rig.PassUntilEnd(story, TimeSpan.FromHours(3));

        story.GetAwaiter().GetResult();
        AssertOneIdentityAPush(network);
        Assert.False(network.HasLeftItsThread);
    }

    // The n-th push of a step to a block is one number, whoever sends it and however often.
    private static void AssertOneIdentityAPush(UnreliableTransport network) => Assert.All(network.Pushes, push =>
        Assert.Equal(NumberOf(push.Header.Step, push.Header.Sequence), push.First));

    private static float NumberOf(long step, int push) => step * PushesOfAStep + push + 1;

    /// <summary>What the worker does: six steps of a pull, pushes at the same time, and a clock.</summary>
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
            await AssertValuesAsync(Steps, pushes: 0);
            await _session.DisposeAsync();
        }

        private async Task StepAsync(long step)
        {
            Assert.Equal(step * 10, _session.Position.Cursor);
            await AssertValuesAsync(step, pushes: null);
            var pushes = Enumerable.Range(0, PushesOfAStep).Select(push => PushAsync(step, push)).ToArray();
            await Task.WhenAll(pushes);
            await AssertValuesAsync(step, pushes: PushesOfAStep);
            await ClockAsync((step + 1) * 10);
        }

        private async Task PushAsync(long step, int push)
        {
            using var cancel = Cancellation(0.05);
            var gradients = Filled(NumberOf(step, push));
            if (push == 1) await _session.PushPullAsync(gradients, Rig.Tensors("b"), cancel.Token);
            else await _session.PushAsync(gradients, cancel.Token);
        }

        private async Task ClockAsync(long cursor)
        {
            using var cancel = Cancellation(0.2);
            try
            {
                await _session.ClockAsync(cursor, cancel.Token);
            }
            catch (OperationCanceledException)
            {
                await _session.ClockAsync(cursor);
            }
        }

        // A step that is done again may find some of its pushes done already, except under BSP.
        private async Task AssertValuesAsync(long step, int? pushes)
        {
            var values = Rig.Tensors("a", "b", "c");
            if (random.NextDouble() < 0.3) _session.Prefetch(values);
            await _session.PullAsync(values);
            var before = SumOf(step * PushesOfAStep);
            var isRounds = rig.Spec.Consistency.Mode == ConsistencyMode.BulkSynchronous;
            var (least, most) = isRounds ? (before, before) : (
                before + (pushes is null ? 0 : SumOf(step * PushesOfAStep + pushes.Value) - before),
                SumOf(step * PushesOfAStep + (pushes ?? PushesOfAStep)));
            foreach (var (_, value) in values)
                foreach (var x in value.ToArray()) Assert.InRange(x, least, most);
        }

        private CancellationTokenSource Cancellation(double probability) => random.NextDouble() < probability
            ? new(TimeSpan.FromMilliseconds(random.Next(500)), rig.Time)
            : new();

        private static float SumOf(long count) => count * (count + 1) / 2;

        private static TensorSet Filled(float value)
        {
            var set = Rig.Tensors("a", "b", "c");
            foreach (var (_, memory) in set) memory.Span.Fill(value);
            return set;
        }
    }
}
