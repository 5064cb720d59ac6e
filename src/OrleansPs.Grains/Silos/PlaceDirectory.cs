using OrleansPs.Protocol;
using System.Collections.Concurrent;
using System.Text.Json;
using Orleans.GrainDirectory;
using Orleans.Runtime;

namespace OrleansPs.Grains;

/// <summary>
/// Says on which silo a grain of the service is. A block's key says it itself, so there is nothing that could be lost; a
/// coordinator's place is a record in the storage, changed by compare-and-swap, so there is one at a time and it stays where it
/// is when other silos come and go. (Orleans' own directory is spread over the silos: with one of them goes a part of it, and
/// with that the grains it knew of, wherever they are.)
/// </summary>
/// <remarks>Thread safe.</remarks>
internal sealed class PlaceDirectory(SiloStorage storage, IClusterMembershipService membership) : IGrainDirectory
{
    public const string Name = "OrleansPs";

    private const int Attempts = 16;
    private readonly ConcurrentDictionary<GrainId, GrainAddress> _lastKnown = new();

    public Task<GrainAddress?> Register(GrainAddress address) => Register(address, null);

    public async Task<GrainAddress?> Register(GrainAddress address, GrainAddress? previousAddress)
    {
        if (BlockKey.TryGetSilo(address.GrainId.Key.ToString()!, out var silo)) return RegisterBlock(address, silo);
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var (present, tag) = await ReadAsync(address.GrainId).ConfigureAwait(false);
            if (present is not null && !present.Matches(previousAddress!) && !present.Matches(address)) return present;
            var record = new PlaceRecord(
                address.SiloAddress!.ToParsableString(), address.ActivationId.ToParsableString(), address.MembershipVersion.Value);
            var content = JsonSerializer.SerializeToUtf8Bytes(record, IndexJson.Default.PlaceRecord);
            var (written, _) = await storage.Bytes.TryWriteAsync("place", KeyOf(address.GrainId), content, tag).ConfigureAwait(false);
            if (written) return _lastKnown[address.GrainId] = address;
        }
        throw new SnapshotStorageException(
            storage.Bytes.Name, $"the place of {address.GrainId} changed under {Attempts} tries to write it.", transient: true);
    }

    public async Task Unregister(GrainAddress address)
    {
        _lastKnown.TryRemove(address.GrainId, out _);
        if (BlockKey.TryGetSilo(address.GrainId.Key.ToString()!, out _)) return;
        var (present, _) = await ReadAsync(address.GrainId).ConfigureAwait(false);
        if (present is not null && present.Matches(address))
            await storage.Bytes.DeleteAsync("place", KeyOf(address.GrainId)).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    /// <remarks>While the storage does not answer, what was known last holds: workers go on training.</remarks>
    public async Task<GrainAddress?> Lookup(GrainId grainId)
    {
        if (BlockKey.TryGetSilo(grainId.Key.ToString()!, out var silo))
            return IsGone(silo) ? null : new() { GrainId = grainId, SiloAddress = silo, MembershipVersion = membership.CurrentSnapshot.Version };
        try
        {
            var (present, _) = await ReadAsync(grainId).ConfigureAwait(false);
            if (present is not null) _lastKnown[grainId] = present;
            return present;
        }
        catch (SnapshotStorageException) when (_lastKnown.TryGetValue(grainId, out var known) && !IsGone(known.SiloAddress!))
        {
            return known;
        }
    }

    // A record of a silo that is gone counts for nothing when it is read.
    public Task UnregisterSilos(List<SiloAddress> siloAddresses) => Task.CompletedTask;

    // Elsewhere than where its key says, an activation is blank and may be only where its silo is gone.
    private GrainAddress RegisterBlock(GrainAddress address, SiloAddress silo) =>
        address.SiloAddress!.Equals(silo) || IsGone(silo) ? address
            : new() { GrainId = address.GrainId, SiloAddress = silo, MembershipVersion = membership.CurrentSnapshot.Version };

    private async Task<(GrainAddress? Address, string? Tag)> ReadAsync(GrainId grainId)
    {
        var (content, tag) = await storage.Bytes.ReadAsync("place", KeyOf(grainId)).ConfigureAwait(false);
        if (content is null) return (null, tag);
        var record = JsonSerializer.Deserialize(content, IndexJson.Default.PlaceRecord)!;
        // A silo that this one has not heard of yet is not gone.
        await membership.Refresh(new MembershipVersion(record.MembershipVersion)).ConfigureAwait(false);
        var address = new GrainAddress
        {
            GrainId = grainId,
            SiloAddress = SiloAddress.FromParsableString(record.Silo),
            ActivationId = ActivationId.FromParsableString(record.Activation),
            MembershipVersion = new(record.MembershipVersion),
        };
        return (IsGone(address.SiloAddress) ? null : address, tag);
    }

    private bool IsGone(SiloAddress silo) => membership.CurrentSnapshot.GetSiloStatus(silo) is SiloStatus.Dead or SiloStatus.None;

    private static string KeyOf(GrainId grainId) => $"places/{grainId.Type}/{grainId.Key}";
}

/// <summary>Where a grain is.</summary>
/// <param name="Silo">Its silo.</param>
/// <param name="Activation">Which activation it is.</param>
/// <param name="MembershipVersion">The version of the membership under which it was written.</param>
internal sealed record PlaceRecord(string Silo, string Activation, long MembershipVersion);
