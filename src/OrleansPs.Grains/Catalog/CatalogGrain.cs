using Microsoft.Extensions.Options;
using Orleans.Concurrency;
using Orleans.Configuration;
using Orleans.GrainDirectory;
using Orleans.Placement;
using OrleansPs.Protocol;

namespace OrleansPs.Grains;

/// <summary>The models of the service: their names are kept here, all else by their coordinators.</summary>
[Reentrant, KeepAlive, Immovable, RandomPlacement, GrainDirectory(PlaceDirectory.Name)]
internal sealed class CatalogGrain(ClusterServices services, IOptions<ClusterOptions> cluster, SpecLimits limits)
    : Grain, ICatalogGrain, ICatalogControl, IDisposable
{
    private readonly SemaphoreSlim _writing = new(1);
    private readonly StoredRecord<CatalogRecord> _record =
        new(services.Storage.Bytes, "catalog", ICatalogGrain.Key, IndexJson.Default.CatalogRecord);

    private bool _isRead;

    public void Dispose() => _writing.Dispose();

    public Task<ServiceIdentity> Hello() =>
        Task.FromResult(new ServiceIdentity(cluster.Value.ServiceId, cluster.Value.ClusterId, ServiceIdentity.Current));

    public Task<Outcome<bool>> Create(ModelSpec spec) => Outcomes.OfAsync(async () =>
    {
        spec.Validate();
        limits.Check(spec);
        var known = await ReadAsync();
        var isNew = !known.Models.Contains(spec.Name);
        if (isNew) await ChangeAsync(r => r with { Models = [.. r.Models.Append(spec.Name).Distinct().Order(StringComparer.Ordinal)] });
        var outcome = await Control(spec.Name).Create(spec, [.. known.Draining.Select(SiloAddress.FromParsableString)]);
        // Where another coordinator came first there is a model, and whoever asks again finds it.
        if (outcome.Fault is { Kind: not FaultKind.Unavailable } && isNew) await ForgetAsync(spec.Name);
        return outcome.Get();
    });

    public Task<Outcome<bool>> Delete(string model) => Outcomes.OfAsync(async () =>
    {
        if (!(await ReadAsync()).Models.Contains(model)) throw new UnknownModelException(model);
        var outcome = await Control(model).Delete();
        if (outcome.Fault is null or { Kind: FaultKind.UnknownModel }) await ForgetAsync(model);
        return outcome.Get();
    });

    public Task<Outcome<string[]>> List() => Outcomes.OfAsync<string[]>(async () => [.. (await ReadAsync()).Models]);

    public Task<Outcome<SiloInfo[]>> Silos() => Outcomes.OfAsync<SiloInfo[]>(async () =>
    {
        var record = await ReadAsync();
        var perModel = await Task.WhenAll(record.Models.Select(BlocksOfAsync));
        var blocks = perModel.SelectMany(b => b).SelectMany(b => new[] { (b.Silo, b), (Silo: b.Standby, b) })
            .Where(x => x.Silo is not null).ToLookup(x => x.Silo, x => x.b);
        return [.. services.Silos.Active.Select(s => new SiloInfo(
            s.ToParsableString(), services.Silos.NameOf(s), record.Draining.Contains(s.ToParsableString()),
            blocks[s.ToParsableString()].Count(), blocks[s.ToParsableString()].Sum(b => b.Bytes)))];
    });

    public Task<Outcome<int>> Drain(string silo) => Outcomes.OfAsync(async () =>
    {
        var active = services.Silos.Active;
        var found = active.FirstOrDefault(s => s.ToParsableString() == silo || s.ToString() == silo) ?? throw new InvalidOptionsException(
            nameof(silo), silo, $"there is no such silo. There are: {string.Join(", ", active.Select(s => s.ToParsableString()))}.");
        var draining = (await ReadAsync()).Draining;
        if (active.All(s => s.Equals(found) || draining.Contains(s.ToParsableString())))
            throw new InvalidOptionsException(nameof(silo), silo, "it is the last one that holds blocks: start another one first.");
        return await DrainAsync(found);
    });

    public async Task<SiloAddress[]> Draining()
    {
        var outcome = await Outcomes.OfAsync(ReadAsync);
        return [.. (outcome.Value?.Draining ?? []).Select(SiloAddress.FromParsableString)];
    }

    public Task<Outcome<int>> Leave(SiloAddress silo) => Outcomes.OfAsync(() => DrainAsync(silo));

    public async Task WakeAll()
    {
        var outcome = await Outcomes.OfAsync(ReadAsync);
        foreach (var model in outcome.Value?.Models ?? []) Control(model).Wake().Ignore();
    }

    private async Task<int> DrainAsync(SiloAddress silo)
    {
        var key = silo.ToParsableString();
        await ChangeAsync(r => r with
        {
            Draining = [.. r.Draining.Where(d => !services.Silos.IsGone(SiloAddress.FromParsableString(d))).Append(key).Distinct()],
        });
        var left = await Task.WhenAll((await ReadAsync()).Models.Select(async model =>
        {
            var outcome = await Control(model).Drain(silo);
            return outcome.Fault is { Kind: FaultKind.UnknownModel } ? 0 : outcome.Get();
        }));
        return left.Sum();
    }

    private async Task<IReadOnlyList<BlockInfo>> BlocksOfAsync(string model)
    {
        var outcome = await GrainFactory.GetGrain<ICoordinatorGrain>(model).Blocks();
        return outcome.Value ?? [];
    }

    private Task ForgetAsync(string model) => ChangeAsync(r => r with { Models = [.. r.Models.Where(m => m != model)] });

    private async Task<CatalogRecord> ReadAsync()
    {
        if (!_isRead)
        {
            await _writing.WaitAsync();
            try
            {
                if (!_isRead) await _record.ReadAsync();
                _isRead = true;
            }
            finally
            {
                _writing.Release();
            }
        }
        return _record.Value ?? new();
    }

    private async Task ChangeAsync(Func<CatalogRecord, CatalogRecord> change)
    {
        await ReadAsync();
        await _writing.WaitAsync();
        try
        {
            await _record.WriteAsync(change(_record.Value ?? new()));
        }
        catch (SnapshotStorageException)
        {
            // Another activation of the catalog may have written: what is known here is old.
            _isRead = false;
            throw;
        }
        finally
        {
            _writing.Release();
        }
    }

    private ICoordinatorControl Control(string model) => GrainFactory.GetGrain<ICoordinatorControl>(model);
}
