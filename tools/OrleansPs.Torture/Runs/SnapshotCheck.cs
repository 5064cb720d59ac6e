using OrleansPs.Core.Snapshots;
using OrleansPs.Protocol;

namespace OrleansPs.Torture;

/// <summary>Reads every snapshot of a model soon after it is complete, and compares its numbers with its manifest.</summary>
internal sealed class SnapshotCheck(IParameterServer server, IParameterServerAdmin admin, ModelSpec spec)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(5);

    private readonly HashSet<long> _seen = [];
    private readonly HashSet<long> _checked = [];
    private readonly List<string> _problems = [];

    /// <summary>Cuts that were begun: each has a number, those that were given up too.</summary>
    public long Attempted => _seen.Count == 0 ? 0 : _seen.Max();

    public long Completed => _seen.Count;

    public long Wrong { get; private set; }

    /// <summary>Those that were gone before they could be read.</summary>
    public long Unread => _seen.Count - _checked.Count;

    public IReadOnlyList<string> Problems => _problems;

    /// <summary>Checks those that have come since.</summary>
    public async Task LookAsync(CancellationToken stop)
    {
        var list = await Ask.TryAsync(cancel => server.ListSnapshotsAsync(spec.Name, cancel), s_limit, stop).ConfigureAwait(false);
        foreach (var snapshot in list ?? [])
        {
            _seen.Add(snapshot.Cut);
            if (_checked.Contains(snapshot.Cut)) continue;
            if (await Ask.TryAsync(cancel => CheckAsync(snapshot.Cut, cancel), s_limit, stop).ConfigureAwait(false) is not { } result) continue;
            _checked.Add(snapshot.Cut);
            if (result.Count == 0) continue;
            Wrong++;
            _problems.AddRange(result.Select(problem => $"snapshot {snapshot.Cut} of {spec.Name}: {problem}"));
        }
    }

    private async Task<IReadOnlyList<string>?> CheckAsync(long cut, CancellationToken cancellationToken)
    {
        try
        {
            var bytes = await admin.ReadManifestAsync(spec.Name, cut, cancellationToken).ConfigureAwait(false);
            var manifest = ManifestCodec.Decode(bytes, $"manifest {cut}");
            var reader = await server.OpenReaderAsync(spec.Name, cancellationToken).ConfigureAwait(false);
            await using var _ = reader.ConfigureAwait(false);
            var values = TensorSet.For(spec);
            await reader.ReadSnapshotAsync(cut, values, cancellationToken).ConfigureAwait(false);
            return Compare(manifest, [.. values.Select(v => Reading.Of(v.Value.Span, spec.Workers))]);
        }
        catch (SnapshotNotFoundException)
        {
            return null;
        }
        catch (SnapshotCorruptException e)
        {
            return [e.Message];
        }
    }

    /// <summary>What a snapshot holds against what its manifest says: finished steps, and pushes of half steps.</summary>
    public static IReadOnlyList<string> Compare(SnapshotManifest manifest, IReadOnlyList<Reading> readings)
    {
        var steps = manifest.Ranks.ToDictionary(r => r.Rank, r => r.Step);
        var strange = manifest.Open.Where(o => o.Step != steps.GetValueOrDefault(o.Rank) || o.Sequences.Count != 1)
            .Select(o => $"block {o.Block} has pushes {string.Join(" ", o.Sequences)} of rank {o.Rank} in step {o.Step}, which is no half step");
        var open = manifest.Open.Select(o => (o.Block, o.Rank)).ToHashSet();
        var check = LedgerCheck.Of(readings, (block, rank) => steps.GetValueOrDefault(rank) + (open.Contains((block, rank)) ? 1 : 0));
        return [.. strange, .. check.Problems];
    }
}
