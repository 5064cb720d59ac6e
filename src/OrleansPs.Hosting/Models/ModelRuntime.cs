using System.Collections.Concurrent;
using OrleansPs.Core.Consistency;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Replication;

namespace OrleansPs.Hosting;

/// <summary>
/// One generation of a model: its blocks and its coordinator. A restore ends it and begins another one.
/// </summary>
internal sealed class ModelRuntime(
    ModelSpec spec, IBlockSet blocks, ControlState state, long term, TimeProvider time, IControlJournal? journal = null)
{
    public long Generation { get; } = state.Generation;

    public CoordinatorHost Coordinator { get; } = new(spec, state, blocks.Count, term, time, journal);

    public IBlockSet Blocks { get; } = blocks;

    /// <summary>The commands to replicas that wait for an answer, and since when, in milliseconds.</summary>
    public ConcurrentDictionary<Stamp, long> Told { get; } = new();

    /// <summary>The header of the coordinator's own messages to blocks.</summary>
    public MessageHeader Header(long round = 0) =>
        new() { Generation = Generation, Term = Coordinator.Term, Rank = -1, Certificate = round, Policy = Coordinator.Read(c => c.State.Policy.Number) };
}
