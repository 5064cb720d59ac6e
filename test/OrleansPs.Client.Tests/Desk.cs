using OrleansPs.Core.Messages;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Client.Tests;

/// <summary>A reader of a model of three blocks, whose pulls read 7.</summary>
internal sealed class Desk : IDisposable
{
    public Desk(ConsistencyPolicy? consistency = null, int rounds = 0, WorkerOptions? options = null)
    {
        Rig = Rig.Of(Rig.SpecOf(parameters: 3, consistency));
        Transport.Value = 7;
        Close(rounds);
        Reader = Open(options ?? new());
        Values = TensorSet.For(Rig.Spec);
    }

    public Rig Rig { get; }

    public ScriptedTransport Transport => Rig.Transport;

    public ScriptedSnapshots Snapshots { get; } = new();

    public ParameterReader Reader { get; }

    public TensorSet Values { get; }

    public IEnumerable<Request> Pulls => Transport.Of(Call.Pull);

    public ParameterReader Open(WorkerOptions options) =>
        new(Transport, Rig.Spec, options, Rig.Environment, Snapshots);

    /// <summary>So many rounds are closed, and their certificates kept.</summary>
    public void Close(int rounds) =>
        Transport.Kept = [.. Enumerable.Range(0, rounds).Select(r => ScriptedTransport.Certificate(r))];

    public void AnswerPulls(params long[] versions)
    {
        foreach (var version in versions)
            Transport.On(Call.Pull, _ => Task.FromResult<object>(new BlockReply(BlockStatus.Ok, version, version, 0)));
    }

    public void Dispose() => Rig.Metrics.Dispose();
}

internal sealed class ScriptedSnapshots : ISnapshotReader
{
    public List<long?> Asked { get; } = [];

    public SnapshotContent Content { get; set; } = null!;

    /// <summary>Blocks whose floats count up over the whole model.</summary>
    public SnapshotContent ContentOf(int blocks, Func<int, float[]> array, int length = 1024) => new(
        new("m", 4, 0, 4, DateTimeOffset.UnixEpoch, 1),
        [.. Enumerable.Range(0, blocks).Select(b => ImageOf(b, array(b), length))]);

    public Task<SnapshotContent> LoadAsync(long? cut, CancellationToken cancellationToken)
    {
        Asked.Add(cut);
        return Task.FromResult(Content);
    }

    private static BlockImage ImageOf(int block, float[] values, int length)
    {
        for (var i = 0; i < values.Length; i++) values[i] = block * 1024 + i;
        return new()
        {
            Block = block,
            Length = length,
            Version = 4,
            EntryIndex = 1,
            Values = values,
            Segments = [new(block, 0, 0, length, 4)],
            Dedupe = [],
        };
    }
}
