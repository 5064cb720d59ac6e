using OrleansPs.Client;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Embedded;

internal interface ISnapshotReader { Task<SnapshotContent> LoadAsync(long? cut, CancellationToken cancellationToken); }
internal sealed record SnapshotContent(SnapshotInfo Info, IReadOnlyList<BlockImage> Blocks);
internal sealed class ParameterReader : IParameterReader
{
    public ParameterReader(IParameterTransport transport, ModelSpec spec, WorkerOptions options, SessionEnvironment environment, ISnapshotReader snapshots) => Spec = spec;
    public string Model => Spec.Name;
    public ModelSpec Spec { get; }
    public ValueTask DisposeAsync() => default;
    public ValueTask<long> ReadLatestAsync(TensorSet values, CancellationToken cancellationToken = default) => throw new NotSupportedException();
    public Task<SnapshotInfo> ReadSnapshotAsync(long? cut, TensorSet values, CancellationToken cancellationToken = default) => throw new NotSupportedException();
}
