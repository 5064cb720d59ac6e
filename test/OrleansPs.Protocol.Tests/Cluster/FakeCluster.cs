using System.Reflection;
using Orleans;
using OrleansPs.Core.Messages;

namespace OrleansPs.Protocol.Tests;

/// <summary>Grains that answer as a test tells them to.</summary>
public class FakeCluster : DispatchProxy
{
    private readonly Dictionary<string, FakeBlock> _blocks = [];

    internal FakeCoordinator Coordinator { get; } = new();

    internal static (IGrainFactory Grains, FakeCluster Cluster) Create()
    {
        var grains = Create<IGrainFactory, FakeCluster>();
        return (grains, (FakeCluster)(object)grains);
    }

    internal FakeBlock Block(string key)
    {
        lock (_blocks) return _blocks.TryGetValue(key, out var block) ? block : _blocks[key] = new();
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        targetMethod!.ReturnType == typeof(ICoordinatorGrain) ? Coordinator
            : targetMethod.ReturnType == typeof(IBlockGrain) ? Block((string)args![0]!)
            : throw new NotSupportedException(targetMethod.ToString());
}

/// <summary>A coordinator whose answers wait until the test gives them.</summary>
internal sealed class FakeCoordinator : ICoordinatorGrain
{
    public Queue<TaskCompletionSource<Outcome<BlockMap>>> Asked { get; } = new();

    /// <summary>Answers every question for the map at once where it is set.</summary>
    public BlockMap? Answer { get; set; }

    public int Questions { get; private set; }

    public List<TaskCompletionSource<Outcome<ClockReply>>> Clocks { get; } = [];

    public Task<Outcome<BlockMap>> Map()
    {
        Questions++;
        if (Answer is { } map) return Task.FromResult(new Outcome<BlockMap>(map, null));
        var asked = new TaskCompletionSource<Outcome<BlockMap>>();
        Asked.Enqueue(asked);
        return asked.Task;
    }

    public Task<Outcome<ClockReply>> Clock(ClockCommand command)
    {
        Clocks.Add(new());
        return Clocks[^1].Task;
    }

    public Task<Outcome<JoinReply>> Join(JoinCommand command) => throw new NotSupportedException();

    public Task<Outcome<PresenceReply>> Presence(PresenceCommand command) => throw new NotSupportedException();

    public Task<Outcome<CertificatesReply>> Certificates(long from) => throw new NotSupportedException();

    public Task<Outcome<ModelSpec>> Spec() => throw new NotSupportedException();

    public Task<Outcome<ModelStatus>> Status() => throw new NotSupportedException();

    public Task<Outcome<SnapshotInfo?>> TakeSnapshot(Guid nonce) => throw new NotSupportedException();

    public Task<Outcome<SnapshotInfo?>> Restore(Guid nonce, RestoreOptions options) => throw new NotSupportedException();

    public Task<Outcome<TrainingPolicy?>> ChangePolicy(Guid nonce, PolicyChange change) => throw new NotSupportedException();

    public Task<Outcome<bool>> Evict(int rank) => throw new NotSupportedException();

    public Task<Outcome<BlockInfo[]>> Blocks() => throw new NotSupportedException();
}

/// <summary>A block whose answers wait until the test gives them.</summary>
internal sealed class FakeBlock : IBlockGrain
{
    public List<TaskCompletionSource<BlockReply>> Pushes { get; } = [];

    public ValueTask<BlockReply> Push(MessageHeader header, Certificate? newest, TensorPayload gradient)
    {
        Pushes.Add(new());
        return new(Pushes[^1].Task);
    }

    public ValueTask<PullReply> Pull(MessageHeader header, Certificate? newest, int[] segments) => throw new NotSupportedException();

    public ValueTask<PullReply> PullRows(MessageHeader header, Certificate? newest, TensorPayload keys) => throw new NotSupportedException();

    public ValueTask<PullReply> PushPull(MessageHeader header, Certificate? newest, TensorPayload gradient, int[] segments) =>
        throw new NotSupportedException();

    public ValueTask<BlockReply> Certify(MessageHeader header, Certificate[] certificates) => throw new NotSupportedException();
}
