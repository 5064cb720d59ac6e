using System.Threading.Tasks.Sources;
using OrleansPs.Core.Messages;
using Xunit.Abstractions;

namespace OrleansPs.Client.Tests;

/// <summary>Alone in the process while it measures: the count of allocated bytes is the whole process's.</summary>
[CollectionDefinition(nameof(AllocationTests), DisableParallelization = true)]
[Collection(nameof(AllocationTests))]
public sealed class AllocationTests(ITestOutputHelper output)
{
    private const int Calls = 10_000;
    private const int CallsOfAStep = 1_000;
    private const int MaxBytesPerCall = 64;

#if DEBUG
    private const string? Unoptimized = "An unoptimized build allocates the state machine of every asynchronous call.";
#else
    private const string? Unoptimized = null;
#endif

    [Theory(Skip = Unoptimized)]
    [InlineData("BSP", 1 << 20)]
    [InlineData("BSP", 1 << 16)]
    [InlineData("SSP", 1 << 20)]
    [InlineData("ASP", 1 << 16)]
    public async Task A_push_and_a_pull_of_a_mebibyte_allocate_next_to_nothing(string policy, int blockBytes)
    {
        await using var session = await JoinAsync(policy, blockBytes, PullCache.Off);
        var (gradients, values) = (TensorSet.For(session.Spec), TensorSet.For(session.Spec));

        AssertNextToNothing("push", session, () => Wait(session.PushAsync(gradients)));
        AssertNextToNothing("pull", session, () => Wait(session.PullAsync(values)));
        AssertNextToNothing("push-pull", session, () => Wait(session.PushPullAsync(gradients, values)));
    }

    [Theory(Skip = Unoptimized)]
    [InlineData("BSP", GradientCompressionMode.Bf16)]
    [InlineData("ASP", GradientCompressionMode.Int8)]
    [InlineData("BSP", GradientCompressionMode.TopK)]
    [InlineData("BSP", GradientCompressionMode.OneBit)]
    public async Task A_push_that_is_encoded_allocates_next_to_nothing(string policy, GradientCompressionMode mode)
    {
        await using var session = await JoinAsync(policy, 1 << 16, PullCache.Off, Compressions.Of(mode));
        var (gradients, values) = (TensorSet.For(session.Spec), TensorSet.For(session.Spec));

        AssertNextToNothing("push", session, () => Wait(session.PushAsync(gradients)));
        AssertNextToNothing("push-pull", session, () => Wait(session.PushPullAsync(gradients, values)));
    }

    [Fact(Skip = Unoptimized)]
    public async Task A_pull_from_the_sessions_own_copy_allocates_next_to_nothing()
    {
        await using var session = await JoinAsync("SSP", 1 << 20, PullCache.WithinBound);
        var values = TensorSet.For(session.Spec);

        AssertNextToNothing("pull", session, () => Wait(session.PullAsync(values)));
    }

    /// <summary>As over a network: all blocks are asked before one answers, so each request's methods wait at the same time.</summary>
    [Theory(Skip = Unoptimized)]
    [InlineData("BSP", 1 << 14)]
    [InlineData("ASP", 1 << 16)]
    public async Task Requests_that_wait_together_allocate_next_to_nothing(string policy, int blockBytes)
    {
        var transport = new InstantTransport { IsHeld = true };
        await using var session = await JoinAsync(policy, blockBytes, PullCache.Off, transport: transport);
        var (gradients, values) = (TensorSet.For(session.Spec), TensorSet.For(session.Spec));

        AssertNextToNothing("push", session, () => Answer(session.PushAsync(gradients)));
        AssertNextToNothing("pull", session, () => Answer(session.PullAsync(values)));

        void Answer(ValueTask call)
        {
            Assert.False(call.IsCompleted);
            // Lanes ask on when they are answered.
            while (!call.IsCompleted) transport.Release();
            call.GetAwaiter().GetResult();
        }
    }

    private static async Task<WorkerSession> JoinAsync(string policy, int blockBytes, PullCache cache, GradientCompression? compression = null, InstantTransport? transport = null)
    {
        var rig = Rig.Of(Rig.SpecOf() with
        {
            Parameters = [new("w", [1 << 18])],
            BlockBytes = blockBytes,
            Compression = compression ?? GradientCompression.None,
            PushesPerStep = CallsOfAStep,
            Consistency = policy switch
            {
                "BSP" => ConsistencyPolicy.BulkSynchronous,
                "SSP" => ConsistencyPolicy.StaleSynchronous(2),
                _ => ConsistencyPolicy.Asynchronous,
            },
        });
        return await WorkerSession.JoinAsync(
            transport ?? new InstantTransport(), rig.Spec, 0, new() { Cache = cache }, SessionEnvironment.System(rig.Metrics), default);
    }

    // Every thousandth call ends a step: the window of a step is bounded.
    private void AssertNextToNothing(string what, WorkerSession session, Action call)
    {
        Repeat(session, call, CallsOfAStep);
        var before = GC.GetTotalAllocatedBytes(precise: true);
        Repeat(session, call, Calls);
        var bytes = (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)Calls;
        output.WriteLine($"{what}: {bytes} bytes a call");
        Assert.InRange(bytes, 0, MaxBytesPerCall);
    }

    private static void Repeat(WorkerSession session, Action call, int times)
    {
        for (var i = 1; i <= times; i++)
        {
            call();
            if (i % CallsOfAStep == 0) session.ClockAsync(i).AsTask().GetAwaiter().GetResult();
        }
    }

    // Over a transport that completes at once a call has ended when it returns.
    private static void Wait(ValueTask call)
    {
        Assert.True(call.IsCompletedSuccessfully);
        call.GetAwaiter().GetResult();
    }

    /// <summary>A service that is done as soon as it is asked, or when it is told to.</summary>
    private sealed class InstantTransport : IParameterTransport
    {
        private readonly float[] _model = new float[1 << 18];
        private readonly Stack<HeldReply> _idle = new();
        private readonly Queue<HeldReply> _held = new();
        private long _step;

        public bool IsHeld { get; init; }

        /// <summary>Answers the requests that wait now.</summary>
        public void Release()
        {
            for (var n = _held.Count; n > 0; n--)
            {
                var held = _held.Dequeue();
                held.Answer(new(BlockStatus.Ok, 0, 0, 0));
                _idle.Push(held);
            }
        }

        public ValueTask<BlockReply> PushAsync(
            int block, MessageHeader header, Certificate? newest, ReadOnlyMemory<SegmentSlice> gradient,
            CancellationToken cancellationToken) => Done();

        public ValueTask<BlockReply> PullAsync(
            int block, MessageHeader header, Certificate? newest, ReadOnlyMemory<SegmentSlice> values,
            CancellationToken cancellationToken)
        {
            foreach (var slice in values.Span) _model.AsMemory(0, slice.Values.Length).CopyTo(slice.Values);
            return Done();
        }

        private ValueTask<BlockReply> Done()
        {
            if (!IsHeld) return new(new BlockReply(BlockStatus.Ok, 0, 0, 0));
            if (!_idle.TryPop(out var held)) held = new();
            _held.Enqueue(held);
            return held.Reply;
        }

        public ValueTask<BlockReply> PushPullAsync(
            int block, MessageHeader header, Certificate? newest, ReadOnlyMemory<SegmentSlice> gradient,
            ReadOnlyMemory<SegmentSlice> values, CancellationToken cancellationToken) =>
            PullAsync(block, header, newest, values, cancellationToken);

        public ValueTask<BlockReply> CertifyAsync(
            int block, MessageHeader header, IReadOnlyList<Certificate> certificates, CancellationToken cancellationToken) =>
            new(new BlockReply(BlockStatus.Ok, 0, 0, 0));

        public ValueTask<JoinReply> JoinAsync(JoinCommand command, CancellationToken cancellationToken) =>
            new(new JoinReply(CoordinatorStatus.Ok, 0, 1, 1, 0, 0, 0, 0, 0, 0, [], []));

        public ValueTask<ClockReply> ClockAsync(ClockCommand command, CancellationToken cancellationToken) =>
            new(new ClockReply(CoordinatorStatus.Ok, ++_step, _step, 0, 1, ScriptedTransport.Certificate(_step - 1)));

        public ValueTask<PresenceReply> PresenceAsync(PresenceCommand command, CancellationToken cancellationToken) =>
            new(new PresenceReply(CoordinatorStatus.Ok, _step));

        public ValueTask<IReadOnlyList<Certificate>> CertificatesAsync(long from, CancellationToken cancellationToken) => new([]);
    }

    /// <summary>A reply to come, used again.</summary>
    private sealed class HeldReply : IValueTaskSource<BlockReply>
    {
        private ManualResetValueTaskSourceCore<BlockReply> _core;

        public ValueTask<BlockReply> Reply => new(this, _core.Version);

        public void Answer(BlockReply reply)
        {
            _core.SetResult(reply);
            _core.Reset();
        }

        public BlockReply GetResult(short token) => _core.GetResult(token);

        public ValueTaskSourceStatus GetStatus(short token) => _core.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _core.OnCompleted(continuation, state, token, flags);
    }
}
