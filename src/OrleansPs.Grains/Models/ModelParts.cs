using Microsoft.Extensions.Logging;
using OrleansPs.Core.Consistency;
using OrleansPs.Hosting;

namespace OrleansPs.Grains;

/// <summary>What a model's coordinator is made of; the parts refer to each other by way of the host, which comes last.</summary>
internal sealed class ModelParts
{
    private readonly ClusterServices _services;
    private ModelHost? _host;

    public ModelParts(ModelSpec spec, ModelRecords records, IReadOnlyList<SiloAddress> avoided, ClusterServices services)
    {
        (Spec, Records, _services) = (spec, records, services);
        Placer = new(spec.Name, services.Silos);
        foreach (var silo in avoided) Placer.Avoid(silo);
        Factory = new(spec, services.Grains, Placer, () => Blocks);
        var store = new GrainStorageSnapshotStore(services.Storage.Bytes, () => [.. Blocks?.Map.Select(s => s.Epoch) ?? []]);
        Environment = new(Factory, store, services.Metrics, services.Time, services.Loggers.CreateLogger<ClusterModel>())
        {
            BeginJournal = BeginJournalAsync,
        };
    }

    public ModelSpec Spec { get; }

    public ModelRecords Records { get; }

    public BlockPlacer Placer { get; }

    public GrainBlockFactory Factory { get; }

    public ModelEnvironment Environment { get; }

    /// <summary>Ends what waits for silos or storage in this coordinator's name.</summary>
    public CancellationTokenSource Stop { get; } = new();

    private GrainBlocks? Blocks => (GrainBlocks?)_host?.TryRuntime?.Blocks;

    public ClusterModel Complete(ModelHost host)
    {
        _host = host;
        return ClusterModel.Of(host, this, _services);
    }

    public WitnessJournal JournalOf(long term, WitnessRecord? witness) =>
        new(Spec, Records, Placer, _services, term, witness, Stop.Token);

    /// <summary>Makes a term known in the model's record, before anything is told in its name, and begins the second copy of the control record: null without replication.</summary>
    /// <exception cref="ServerUnavailableException">Another coordinator has the model.</exception>
    public async Task<IControlJournal?> BeginJournalAsync(ControlState state, long term)
    {
        var journal = Spec.Durability.IsReplicated ? JournalOf(term, null) : null;
        var isMine = journal is not null
            ? await journal.RenewAsync(() => state).ConfigureAwait(false) is not null
            : await Records.TryChangeAsync(term, r => r with { Left = null }).ConfigureAwait(false);
        return isMine ? journal : throw new ServerUnavailableException($"Another coordinator has model '{Spec.Name}'.");
    }
}
