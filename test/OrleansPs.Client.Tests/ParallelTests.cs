using OrleansPs.Core.Messages;

namespace OrleansPs.Client.Tests;

public sealed class ParallelTests
{
    private const int Callers = 8;
    private const int Calls = 50;

    [Theory]
    [InlineData("BSP")]
    [InlineData("SSP")]
    public async Task Calls_from_many_threads_count_once_each(string policy)
    {
        var consistency = policy == "BSP" ? ConsistencyPolicy.BulkSynchronous : ConsistencyPolicy.StaleSynchronous(1);
        var rig = Rig.Of(Rig.SpecOf(4, consistency) with { Reduction = Reduction.Sum, PushesPerStep = Callers * Calls });
        var environment = SessionEnvironment.System(rig.Metrics);
        var options = new WorkerOptions { MaxInFlight = 3, Cache = PullCache.WithinBound };
        await using var session = await WorkerSession.JoinAsync(
            new HoppingTransport(new InProcessTransport(rig.Spec)), rig.Spec, 0, options, environment, default);

        await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(() => CallAsync(session))));
        await session.ClockAsync(1);
        await session.ClockAsync(2);
        await session.ClockAsync(3);
        var values = Rig.Tensors("a", "b", "c", "d");
        await session.PullAsync(values);

        Assert.All(values, v => Assert.All(v.Value.ToArray(), x => Assert.Equal(Callers * Calls, x)));
    }

    private static async Task CallAsync(WorkerSession session)
    {
        var (gradients, values) = (Rig.Tensors("a", "b", "c", "d"), Rig.Tensors("b", "d"));
        foreach (var (_, memory) in gradients) memory.Span.Fill(1);
        for (var i = 0; i < Calls; i++)
        {
            if (i % 3 == 0) session.Prefetch(values);
            if (i % 2 == 0) await session.PushAsync(gradients);
            else await session.PushPullAsync(gradients, values);
            await session.PullAsync(values);
            // A block is read at one moment, so all its elements are the same number of pushes.
            Assert.All(values, v => Assert.Single(v.Value.ToArray().Distinct()));
        }
    }

    /// <summary>Answers on another thread than it was asked on.</summary>
    private sealed class HoppingTransport(IParameterTransport inner) : IParameterTransport
    {
        public async ValueTask<BlockReply> PushAsync(
            int block, MessageHeader header, Certificate? newest, ReadOnlyMemory<SegmentSlice> gradient,
            CancellationToken cancellationToken)
        {
            await Task.Yield();
            return await inner.PushAsync(block, header, newest, gradient, cancellationToken);
        }

        public async ValueTask<BlockReply> PullAsync(
            int block, MessageHeader header, Certificate? newest, ReadOnlyMemory<SegmentSlice> values,
            CancellationToken cancellationToken)
        {
            await Task.Yield();
            return await inner.PullAsync(block, header, newest, values, cancellationToken);
        }

        public async ValueTask<BlockReply> PushPullAsync(
            int block, MessageHeader header, Certificate? newest, ReadOnlyMemory<SegmentSlice> gradient,
            ReadOnlyMemory<SegmentSlice> values, CancellationToken cancellationToken)
        {
            await Task.Yield();
            return await inner.PushPullAsync(block, header, newest, gradient, values, cancellationToken);
        }

        public ValueTask<BlockReply> CertifyAsync(
            int block, MessageHeader header, IReadOnlyList<Certificate> certificates, CancellationToken cancellationToken) =>
            inner.CertifyAsync(block, header, certificates, cancellationToken);

        public ValueTask<JoinReply> JoinAsync(JoinCommand command, CancellationToken cancellationToken) =>
            inner.JoinAsync(command, cancellationToken);

        public ValueTask<ClockReply> ClockAsync(ClockCommand command, CancellationToken cancellationToken) =>
            inner.ClockAsync(command, cancellationToken);

        public ValueTask<PresenceReply> PresenceAsync(PresenceCommand command, CancellationToken cancellationToken) =>
            inner.PresenceAsync(command, cancellationToken);

        public ValueTask<IReadOnlyList<Certificate>> CertificatesAsync(long from, CancellationToken cancellationToken) =>
            inner.CertificatesAsync(from, cancellationToken);
    }
}
