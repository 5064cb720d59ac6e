using System.Text;
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
    // Of a model that is just being created.
    private static readonly ModelOrigin s_unknown = new(0, long.MaxValue, null);

    private readonly ModelRecords _records;
    private readonly ModelKeeper _keeper;
    private readonly ClusterServices _services;
    private readonly CancellationTokenSource _stop;

    private ClusterModel(ModelHost host, ModelParts parts, ModelKeeper keeper, ClusterServices services)
    {
        (Host, _records, _keeper, _services, _stop) = (host, parts.Records, keeper, services, parts.Stop);
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

    public static ModelRecords RecordsOf(ClusterServices services, string model) =>
        new(new(services.Storage.Bytes, "model", $"{model}/model", IndexJson.Default.ModelRecord));

    /// <summary>
    /// The model's numbers. Whoever is to open it reads them before its record, and whoever is to create it before he writes one where there was none: if
    /// they have changed when it is about to begin, another coordinator came first.
    /// </summary>
    public static async Task<ModelPointer> ReadPointerAsync(ClusterServices services, string model, CancellationToken cancellationToken) =>
        await new GrainStorageSnapshotStore(services.Storage.Bytes, () => []).ReadPointerAsync(model, cancellationToken).ConfigureAwait(false);

    /// <summary>Begins a model.</summary>
    public static async Task<ClusterModel> CreateAsync(
        ModelSpec spec, ModelRecords records, IReadOnlyList<SiloAddress> avoided, ClusterServices services, CancellationToken cancellationToken)
    {
        var parts = new ModelParts(spec, records, avoided, services);
        var known = await ReadPointerAsync(services, spec.Name, cancellationToken).ConfigureAwait(false);
        // The record first: a coordinator that dies in the middle leaves a model that the next one can begin.
        await records.CreateAsync(new() { Spec = ModelRecord.TextOf(spec), Origin = s_unknown, Term = known.Term }).ConfigureAwait(false);
        try
        {
            var host = await ModelHost.CreateAsync(spec, known, parts.Environment, cancellationToken).ConfigureAwait(false);
            try
            {
                await WriteOriginAsync(spec, records, host.Origin, host.Runtime.Coordinator.Term).ConfigureAwait(false);
            }
            catch (ServerUnavailableException)
            {
                // The blocks are another coordinator's now.
                await host.HandOverAsync().ConfigureAwait(false);
                throw;
            }
            catch
            {
                await host.DisposeAsync().ConfigureAwait(false);
                throw;
            }
            return parts.Complete(host);
        }
        catch
        {
            await parts.Stop.CancelAsync().ConfigureAwait(false);
            // If somebody else has it meanwhile, it is another one.
            await ((Task)records.TryDeleteOwnAsync()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
    }

    /// <summary>
    /// Goes on with a model: where the last coordinator left it, if it ended in order; where the record's other copy has it, if it
    /// died; otherwise from the newest cut.
    /// </summary>
    public static async Task<ClusterModel> OpenAsync(
        string model, ModelPointer known, ModelRecords records, IReadOnlyList<SiloAddress> avoided, ClusterServices services,
        CancellationToken cancellationToken)
    {
        var kept = records.Value!;
        var parts = new ModelParts(kept.ToSpec(model), records, avoided, services);
        var logger = parts.Environment.Logger;
        await services.Silos.RefreshAsync().ConfigureAwait(false);
        if (kept.Origin == s_unknown) kept = await WithOriginAsync(parts, kept, cancellationToken).ConfigureAwait(false);
        var succession = new ModelSuccession(parts, known, services);
        if (await succession.TryTakeOverAsync(kept, cancellationToken).ConfigureAwait(false) is { } host)
        {
            LogTakenOver(logger, model, host.Runtime.Coordinator.Term);
            return parts.Complete(host);
        }
        host = await ModelHost.RecoverAsync(
            parts.Spec, records.Value!.Origin, succession.Known, parts.Environment, cancellationToken).ConfigureAwait(false);
        LogRecovered(logger, model, host.Runtime.Coordinator.Read(c => c.State.RestoredCut));
        return parts.Complete(host);
    }

    /// <summary>Puts the model back to a cut, and keeps in mind that its life begins there.</summary>
    public Task<SnapshotInfo> RestoreAsync(RestoreOptions options, CancellationToken cancellationToken) => _keeper.ExclusivelyAsync(
        () => Host.RestoreAsync(options, (origin, term) => WriteOriginAsync(Host.Spec, _records, origin, term), cancellationToken), cancellationToken);

    /// <summary>Moves replicas away from a silo.</summary>
    /// <returns>How many are still there.</returns>
    public Task<int> DrainAsync(SiloAddress silo, CancellationToken cancellationToken) => _keeper.DrainAsync(silo, cancellationToken);

    /// <summary>What each block is and holds.</summary>
    public async Task<BlockInfo[]> DescribeAsync(CancellationToken cancellationToken)
    {
        var runtime = Host.Runtime;
        var blocks = await ((GrainBlocks)runtime.Blocks).DescribeAsync(cancellationToken).ConfigureAwait(false);
        // A standby that nobody would know of is none.
        return runtime.Coordinator.IsSafe ? blocks : [.. blocks.Select(b => b with { Standby = null })];
    }

    /// <summary>A primary's standby does not follow any more.</summary>
    public void StandbyLost(long generation, int block, Guid nonce, Core.Replication.Stamp heard)
    {
        if (Host.TryRuntime is { } runtime && runtime.Generation == generation)
            runtime.Coordinator.Do((c, now) => c.StandbyLost(block, nonce, heard, now));
    }

    /// <summary>Whether a replica has a part in this generation, or in one that is about to begin; with block -1 whether it is the witness.</summary>
    public bool Knows(long generation, int block, Guid nonce)
    {
        if (block < 0) return _records.Value?.Witness is not { } witness || witness.Nonce == nonce;
        return Host.TryRuntime is not { } runtime || generation > runtime.Generation
            || (generation == runtime.Generation && runtime.Coordinator.Read(c => c.Knows(block, nonce)));
    }

    /// <summary>Ends this coordinator. The blocks go on, and the next coordinator goes on with them.</summary>
    public async Task EndAsync()
    {
        if (await HandOverAsync().ConfigureAwait(false) is not { } runtime) return;
        var control = runtime.Coordinator.Read(c => ControlStateCodec.Encode(c.State));
        var left = new HandedOver(runtime.Coordinator.Term, Encoding.UTF8.GetString(control));
        await _records.TryChangeAsync(runtime.Coordinator.Term, r => r with { Left = left }).ConfigureAwait(false);
    }

    /// <summary>Another coordinator has the model: this one goes, and leaves everything to it.</summary>
    public Task AbandonAsync() => HandOverAsync();

    /// <summary>Ends the model: blocks and record go, snapshots stay.</summary>
    public async Task DeleteAsync()
    {
        // What can fail comes first: then nothing has changed.
        if (!await _records.TryDeleteAsync(Host.Runtime.Coordinator.Term).ConfigureAwait(false)) throw Elsewhere(Host.Spec);
        await _stop.CancelAsync().ConfigureAwait(false);
        await _keeper.DisposeAsync().ConfigureAwait(false);
        _services.Models.Remove(Host);
        await Host.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Of a model whose creation broke off the life begins here and now.</summary>
    private static async Task<ModelRecord> WithOriginAsync(ModelParts parts, ModelRecord kept, CancellationToken cancellationToken)
    {
        var pointer = await parts.Environment.Store!.ReadPointerAsync(parts.Spec.Name, cancellationToken).ConfigureAwait(false);
        var origin = new ModelOrigin(0, pointer.NextCut, null);
        return await parts.Records.TryChangeAsync(kept.Term, r => r.Origin == s_unknown ? r with { Origin = origin } : r).ConfigureAwait(false)
            ? parts.Records.Value! : throw Elsewhere(parts.Spec);
    }

    internal static ClusterModel Of(ModelHost host, ModelParts parts, ClusterServices services) =>
        new(host, parts, new(host, parts.Placer, parts.Factory, services), services);

    private static async Task WriteOriginAsync(ModelSpec spec, ModelRecords records, ModelOrigin origin, long term)
    {
        if (!await records.TryChangeAsync(term, r => r with { Origin = origin }).ConfigureAwait(false)) throw Elsewhere(spec);
    }

    private static ServerUnavailableException Elsewhere(ModelSpec spec) => new($"Another coordinator has model '{spec.Name}'.");

    private async Task<ModelRuntime?> HandOverAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _keeper.DisposeAsync().ConfigureAwait(false);
        _services.Models.Remove(Host);
        return await Host.HandOverAsync().ConfigureAwait(false);
    }

    [LoggerMessage(10, LogLevel.Information, "Model {Model} goes on where its last coordinator was; term {Term}")]
    private static partial void LogTakenOver(ILogger logger, string model, long term);

    [LoggerMessage(11, LogLevel.Warning, "Model {Model} goes on from cut {Cut}: its control record is lost")]
    private static partial void LogRecovered(ILogger logger, string model, long cut);
}
