using OrleansPs.Core.Messages;

namespace OrleansPs.Client.Tests;

public enum Call
{
    Push,
    Pull,
    PushPull,
    Certify,
    Join,
    Clock,
    Presence,
    Certificates,
}

/// <summary>One request as the service saw it; gradients are copied, for the caller gets its memory back.</summary>
internal sealed record Request(Call Call, int Block, MessageHeader Header, Certificate? Newest)
{
    public float[][] Gradient { get; init; } = [];

    /// <summary>The keys of the gradient's rows, or of those that are pulled.</summary>
    public long[] Keys { get; init; } = [];

    public ReadOnlyMemory<SegmentSlice> Values { get; init; }

    public IReadOnlyList<Certificate> Certificates { get; init; } = [];

    public JoinCommand Join { get; init; }

    public ClockCommand Clock { get; init; }

    public PresenceCommand Presence { get; init; }

    public long From { get; init; }

    public CancellationToken Token { get; init; }

    /// <summary>When it came.</summary>
    public DateTimeOffset At { get; set; }
}

/// <summary>A service that records what it is asked, and answers by a script; without one, as a service where all is well.</summary>
internal sealed class ScriptedTransport(ModelSpec spec) : IParameterTransport
{
    private readonly Dictionary<Call, Queue<Func<Request, Task<object>>>> _script = [];
    private readonly Lock _lock = new();

    public List<Request> Requests { get; } = [];

    public required TimeProvider Time { get; init; }

    public int InFlight { get; private set; }

    public int MostInFlight { get; private set; }

    /// <summary>What pulls read in every element.</summary>
    public float Value { get; set; }

    public long Step { get; set; }

    public long MinClock { get; set; }

    public long Generation { get; set; }

    public long Incarnation { get; set; }

    public IReadOnlyList<Certificate> Kept { get; set; } = [];

    public IEnumerable<Request> Of(Call call) => Requests.Where(r => r.Call == call);

    /// <summary>Scripts the next answer to a kind of call.</summary>
    public ScriptedTransport On(Call call, Func<Request, Task<object>> answer)
    {
        if (!_script.TryGetValue(call, out var queue)) _script.Add(call, queue = new());
        queue.Enqueue(answer);
        return this;
    }

    public ScriptedTransport On(Call call, BlockStatus status, long from = 0, int times = 1)
    {
        for (var i = 0; i < times; i++) On(call, _ => Task.FromResult<object>(new BlockReply(status, 0, from, Generation)));
        return this;
    }

    public ScriptedTransport On(Call call, CoordinatorStatus status, int times = 1)
    {
        for (var i = 0; i < times; i++)
        {
            On(call, r => Task.FromResult<object>(call switch
            {
                Call.Join => JoinReply(r.Join) with { Status = status },
                Call.Clock => new ClockReply(status, 0, 0, 0, 0, null),
                _ => new PresenceReply(status, MinClock),
            }));
        }
        return this;
    }

    public ScriptedTransport Throw(Call call, Exception error, int times = 1)
    {
        for (var i = 0; i < times; i++) On(call, _ => Task.FromException<object>(error));
        return this;
    }

    /// <summary>The request is never answered; it ends when its token asks for it.</summary>
    public ScriptedTransport Lose(Call call, int times = 1)
    {
        for (var i = 0; i < times; i++) On(call, request =>
        {
            var lost = new TaskCompletionSource<object>();
            request.Token.Register(() => lost.TrySetCanceled(request.Token));
            return lost.Task;
        });
        return this;
    }

    /// <summary>The request is done, and its answer is lost.</summary>
    public ScriptedTransport LoseAnswer(Call call, List<Request> done)
    {
        return On(call, request =>
        {
            done.Add(request);
            var lost = new TaskCompletionSource<object>();
            request.Token.Register(() => lost.TrySetCanceled(request.Token));
            return lost.Task;
        });
    }

    /// <summary>The request waits for the test, or for its token.</summary>
    public Held Hold(Call call)
    {
        var held = new Held(this);
        On(call, held.ReceiveAsync);
        return held;
    }

    public object Usual(Request request) => request.Call switch
    {
        Call.Push or Call.Certify => new BlockReply(BlockStatus.Ok, 0, 0, Generation),
        Call.Pull or Call.PushPull => Read(request),
        Call.Join => JoinReply(request.Join),
        Call.Clock => new ClockReply(CoordinatorStatus.Ok, ++Step, MinClock, 0, 1, CertificateOf(Step - 1)),
        Call.Presence => new PresenceReply(CoordinatorStatus.Ok, MinClock),
        _ => Kept.Where(c => c.Round >= request.From).ToArray(),
    };

    public static Certificate Certificate(long round) => new(round, [new(0, 0)]);

    public ValueTask<BlockReply> PushAsync(
        int block, MessageHeader header, Certificate? newest, ReadOnlyMemory<SegmentSlice> gradient,
        CancellationToken cancellationToken) => AnswerAsync<BlockReply>(
            new(Call.Push, block, header, newest) { Gradient = Copy(gradient), Keys = KeysOf(gradient), Token = cancellationToken });

    public ValueTask<BlockReply> PullAsync(
        int block, MessageHeader header, Certificate? newest, ReadOnlyMemory<SegmentSlice> values,
        CancellationToken cancellationToken) => AnswerAsync<BlockReply>(
            new(Call.Pull, block, header, newest) { Values = values, Keys = KeysOf(values), Token = cancellationToken });

    public ValueTask<BlockReply> PushPullAsync(
        int block, MessageHeader header, Certificate? newest, ReadOnlyMemory<SegmentSlice> gradient,
        ReadOnlyMemory<SegmentSlice> values, CancellationToken cancellationToken) => AnswerAsync<BlockReply>(
            new(Call.PushPull, block, header, newest)
            { Gradient = Copy(gradient), Values = values, Token = cancellationToken });

    public ValueTask<BlockReply> CertifyAsync(
        int block, MessageHeader header, IReadOnlyList<Certificate> certificates, CancellationToken cancellationToken) =>
        AnswerAsync<BlockReply>(
            new(Call.Certify, block, header, null) { Certificates = certificates, Token = cancellationToken });

    public ValueTask<JoinReply> JoinAsync(JoinCommand command, CancellationToken cancellationToken) =>
        AnswerAsync<JoinReply>(new(Call.Join, -1, default, null) { Join = command, Token = cancellationToken });

    public ValueTask<ClockReply> ClockAsync(ClockCommand command, CancellationToken cancellationToken) =>
        AnswerAsync<ClockReply>(new(Call.Clock, -1, default, null) { Clock = command, Token = cancellationToken });

    public ValueTask<PresenceReply> PresenceAsync(PresenceCommand command, CancellationToken cancellationToken) =>
        AnswerAsync<PresenceReply>(new(Call.Presence, -1, default, null) { Presence = command, Token = cancellationToken });

    public ValueTask<IReadOnlyList<Certificate>> CertificatesAsync(long from, CancellationToken cancellationToken) =>
        AnswerAsync<IReadOnlyList<Certificate>>(
            new(Call.Certificates, -1, default, null) { From = from, Token = cancellationToken });

    private BlockReply Read(Request request)
    {
        foreach (var slice in request.Values.Span) slice.Values.Span.Fill(Value);
        return new(BlockStatus.Ok, request.Header.Clock, 0, Generation);
    }

    private JoinReply JoinReply(JoinCommand command) => new(
        CoordinatorStatus.Ok, Generation, 1, ++Incarnation, Step, Step, Step * 10, MinClock, 0, 0,
        CertificateOf(Step - 1) is { } newest ? [newest] : [], []);

    private Certificate? CertificateOf(long round) =>
        round >= 0 && spec.Consistency.Mode == ConsistencyMode.BulkSynchronous ? Certificate(round) : null;

    private async ValueTask<T> AnswerAsync<T>(Request request)
    {
        Func<Request, Task<object>>? answer = null;
        lock (_lock)
        {
            request.At = Time.GetUtcNow();
            Requests.Add(request);
            MostInFlight = Math.Max(MostInFlight, ++InFlight);
            if (_script.TryGetValue(request.Call, out var queue)) queue.TryDequeue(out answer);
        }
        try
        {
            request.Token.ThrowIfCancellationRequested();
            return (T)(answer is null ? Usual(request) : await answer(request).ConfigureAwait(false));
        }
        finally
        {
            lock (_lock) InFlight--;
        }
    }

    private static long[] KeysOf(ReadOnlyMemory<SegmentSlice> slices) => [.. slices.ToArray().SelectMany(s => s.Keys.ToArray())];

    private static float[][] Copy(ReadOnlyMemory<SegmentSlice> slices) =>
        [.. slices.ToArray().Select(s => s.Values.ToArray())];
}

/// <summary>A request that waits for the test.</summary>
internal sealed class Held(ScriptedTransport transport)
{
    private readonly TaskCompletionSource<object> _answer = new();

    public Request? Request { get; private set; }

    public bool WasGivenUp { get; private set; }

    public Task<object> ReceiveAsync(Request request)
    {
        Request = request;
        request.Token.Register(() =>
        {
            WasGivenUp = true;
            _answer.TrySetCanceled(request.Token);
        });
        return _answer.Task;
    }

    /// <summary>All is well.</summary>
    public void Release() => _answer.SetResult(transport.Usual(Request!));

    public void Release(BlockStatus status) => _answer.SetResult(new BlockReply(status, 0, 0, transport.Generation));
}
