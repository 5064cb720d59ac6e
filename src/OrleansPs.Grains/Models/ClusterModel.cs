using Microsoft.Extensions.Logging;
using OrleansPs.Core.Consistency;
using OrleansPs.Core.Specs;
using OrleansPs.Hosting;
using OrleansPs.Protocol;

namespace OrleansPs.Grains;

/// <summary>
/// One model of a cluster, in the hands of its present coordinator: its host, its record, and the keeper that watches over its
/// blocks.
/// </summary>
/// <remarks>Thread safe, but for <see cref="EndAsync"/>, which is called once.</remarks>
internal sealed partial class ClusterModel
{
    private readonly StoredRecord<ModelRecord> _record;
    private readonly ModelKeeper _keeper;
    private readonly ClusterServices _services;

    private ClusterModel(ModelHost host, StoredRecord<ModelRecord> record, ModelKeeper keeper, ClusterServices services)
    {
        (Host, _record, _keeper, _services) = (host, record, keeper, services);
        services.Models.Add(host);
        keeper.Start();
    }

    public ModelHost Host { get; }

    public BlockMap Map
    {
        get
        {
            var runtime = Host.Runtime;
            return ((GrainBlocks)runtime.Blocks).ToMap(runtime.Coordinator.Term);
        }
    }

    public static StoredRecord<ModelRecord> RecordOf(ClusterServices services, string model) =>
        new(services.Storage.Bytes, "model", $"{model}/model", IndexJson.Default.ModelRecord);

    /// <summary>Begins a model.</summary>
    public static async Task<ClusterModel> CreateAsync(
        ModelSpec spec, StoredRecord<ModelRecord> record, IReadOnlyList<SiloAddress> avoided, ClusterServices services,
        CancellationToken cancellationToken)
    {
        var parts = new Parts(spec, avoided, services);
        var host = await ModelHost.CreateAsync(spec, parts.Environment, cancellationToken).ConfigureAwait(false);
        await record.WriteAsync(new() { Spec = ModelRecord.TextOf(spec), Origin = host.Origin }).ConfigureAwait(false);
        return parts.Complete(host, record);
    }

    /// <summary>
    /// Goes on with a model: where the last coordinator left it, if it ended in order and all blocks are still there; otherwise
    /// from the newest cut.
    /// </summary>
    public static async Task<ClusterModel> OpenAsync(
        string model, StoredRecord<ModelRecord> record, IReadOnlyList<SiloAddress> avoided, ClusterServices services,
        CancellationToken cancellationToken)
    {
        var kept = record.Value!;
        var parts = new Parts(kept.ToSpec(model), avoided, services);
        var (host, reason) = kept.Left is { } left
            ? await TryTakeOverAsync(kept, left, parts, cancellationToken).ConfigureAwait(false)
            : (null, "its last coordinator did not end in order");
        // What was left is used up, whatever comes of it.
        if (kept.Left is not null) await record.WriteAsync(kept with { Left = null }).ConfigureAwait(false);
        var logger = parts.Environment.Logger;
        if (host is not null)
        {
            LogTakenOver(logger, model, host.Runtime.Coordinator.Term);
            return parts.Complete(host, record);
        }
        host = await ModelHost.RecoverAsync(parts.Spec, kept.Origin, parts.Environment, cancellationToken).ConfigureAwait(false);
        LogRecovered(logger, model, host.Runtime.Coordinator.Read(c => c.State.RestoredCut), reason);
        return parts.Complete(host, record);
    }

    /// <summary>Puts the model back to a cut, and keeps in mind that its life begins there.</summary>
    public Task<SnapshotInfo> RestoreAsync(RestoreOptions options, CancellationToken cancellationToken) => _keeper.ExclusivelyAsync(() =>
        Host.RestoreAsync(options, origin => _record.WriteAsync(_record.Value! with { Origin = origin }), cancellationToken), cancellationToken);

    /// <summary>Moves blocks away from a silo.</summary>
    /// <returns>How many are still there.</returns>
    public Task<int> DrainAsync(SiloAddress silo, CancellationToken cancellationToken) => _keeper.DrainAsync(silo, cancellationToken);

    /// <summary>What each block is and holds.</summary>
    public async Task<BlockInfo[]> DescribeAsync(CancellationToken cancellationToken)
    {
        var blocks = (GrainBlocks)Host.Runtime.Blocks;
        return await Task.WhenAll(blocks.Sites.Select(async (site, block) =>
        {
            var described = await Calls.WaitAsync(site.Grain.Describe(blocks.Generation, site.Epoch), cancellationToken).ConfigureAwait(false);
            return new BlockInfo(
                block, site.Silo.ToParsableString(), site.Epoch, described?.Version ?? 0, described?.Entries ?? 0, described?.Bytes ?? 0);
        })).ConfigureAwait(false);
    }

    /// <summary>Ends this coordinator. The blocks go on, and the next coordinator goes on with them.</summary>
    public async Task EndAsync()
    {
        await _keeper.DisposeAsync().ConfigureAwait(false);
        _services.Models.Remove(Host);
        if (await Host.HandOverAsync().ConfigureAwait(false) is not { } runtime) return;
        var blocks = (GrainBlocks)runtime.Blocks;
        var control = runtime.Coordinator.Read(c => ControlStateCodec.Encode(c.State));
        var left = new HandedOver(
            runtime.Coordinator.Term, blocks.MapVersion,
            [.. blocks.Sites.Select(s => new SiteRecord(s.Key, s.Silo.ToParsableString(), s.Epoch))],
            runtime.Coordinator.Read(c => c.State.LastCut), System.Text.Encoding.UTF8.GetString(control));
        await _record.WriteAsync(_record.Value! with { Left = left }).ConfigureAwait(false);
    }

    /// <summary>Ends the model: blocks and record go, snapshots stay.</summary>
    public async Task DeleteAsync()
    {
        await _keeper.DisposeAsync().ConfigureAwait(false);
        _services.Models.Remove(Host);
        await _record.DeleteAsync().ConfigureAwait(false);
        await Host.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task<(ModelHost? Host, string Reason)> TryTakeOverAsync(
        ModelRecord kept, HandedOver left, Parts parts, CancellationToken cancellationToken)
    {
        var store = parts.Environment.Store!;
        var pointer = await store.ReadPointerAsync(parts.Spec.Name, cancellationToken).ConfigureAwait(false);
        if (pointer.Term != left.Term) return (null, "another coordinator came between");
        var state = ControlStateCodec.Decode(parts.Spec, System.Text.Encoding.UTF8.GetBytes(left.Control));
        var blocks = new GrainBlocks(state.Generation, [.. left.Sites.Select(parts.Factory.SiteOf)], left.MapVersion + 1);
        if (!await parts.AreThereAsync(blocks).ConfigureAwait(false)) return (null, "blocks are lost");
        var next = pointer with { Term = pointer.Term + 1 };
        if (!await store.TryWritePointerAsync(parts.Spec.Name, pointer, next, cancellationToken).ConfigureAwait(false))
            return (null, "another coordinator comes too");
        var last = left.LastCut == 0 ? null : await parts.TryReadManifestAsync(left.LastCut, cancellationToken).ConfigureAwait(false);
        var host = await ModelHost.TakeOverAsync(parts.Spec, kept.Origin, state, next.Term, blocks, last, parts.Environment).ConfigureAwait(false);
        return (host, "");
    }

    [LoggerMessage(10, LogLevel.Information, "Model {Model} goes on where its last coordinator left it; term {Term}")]
    private static partial void LogTakenOver(ILogger logger, string model, long term);

    [LoggerMessage(11, LogLevel.Warning, "Model {Model} goes on from cut {Cut}: {Reason}")]
    private static partial void LogRecovered(ILogger logger, string model, long cut, string reason);

    /// <summary>What a model is made of; they refer to each other by way of the host, which comes last.</summary>
    private sealed class Parts
    {
        private static readonly TimeSpan s_look = TimeSpan.FromSeconds(2);
        private readonly ClusterServices _services;
        private ModelHost? _host;

        public Parts(ModelSpec spec, IReadOnlyList<SiloAddress> avoided, ClusterServices services)
        {
            (Spec, _services) = (spec, services);
            Placer = new(spec.Name, services.Silos);
            foreach (var silo in avoided) Placer.Avoid(silo);
            Factory = new(spec, services.Grains, Placer, () => Blocks);
            var store = new GrainStorageSnapshotStore(services.Storage.Bytes, () => [.. Blocks?.Sites.Select(s => s.Epoch) ?? []]);
            Environment = new(Factory, store, services.Metrics, services.Time, services.Loggers.CreateLogger<ClusterModel>());
        }

        public ModelSpec Spec { get; }

        public BlockPlacer Placer { get; }

        public GrainBlockFactory Factory { get; }

        public ModelEnvironment Environment { get; }

        private GrainBlocks? Blocks => (GrainBlocks?)_host?.TryRuntime?.Blocks;

        public ClusterModel Complete(ModelHost host, StoredRecord<ModelRecord> record)
        {
            _host = host;
            var keeper = new ModelKeeper(host, Placer, new(Factory), _services);
            return new(host, record, keeper, _services);
        }

        /// <summary>Whether all blocks serve.</summary>
        public async Task<bool> AreThereAsync(GrainBlocks blocks)
        {
            if (blocks.Sites.Any(s => _services.Silos.IsGone(s.Silo))) return false;
            using var look = new CancellationTokenSource(s_look);
            try
            {
                var found = await Task.WhenAll(blocks.Sites.Select(s => Calls.WaitAsync(
                    s.Grain.Describe(blocks.Generation, s.Epoch), look.Token).AsTask())).ConfigureAwait(false);
                return found.All(f => f is not null);
            }
            catch (Exception e) when (e is OperationCanceledException or ServerUnavailableException)
            {
                return false;
            }
        }

        public async Task<Core.Snapshots.SnapshotManifest?> TryReadManifestAsync(long cut, CancellationToken cancellationToken)
        {
            try
            {
                return await Environment.Store!.ReadManifestAsync(Spec.Name, cut, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is SnapshotNotFoundException or SnapshotCorruptException)
            {
                return null;
            }
        }
    }
}
