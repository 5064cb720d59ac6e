using OrleansPs.Core.Partitioning;

namespace OrleansPs.Core.Replication;

/// <summary>The silos of a block's replicas.</summary>
/// <param name="Primary">Where the primary is or should be; null for nowhere.</param>
/// <param name="Standby">Where the standby is or should be; null for nowhere.</param>
public readonly record struct ReplicaSilos(string? Primary, string? Standby)
{
    /// <summary>Where a block's replicas are.</summary>
    public static ReplicaSilos Of(BlockSites sites)
    {
        ArgumentNullException.ThrowIfNull(sites);
        return new(sites.Primary.Silo, sites.Standby?.Silo);
    }
}

/// <summary>
/// Decides where the replicas of a model's blocks should be: never two of a block on one silo, replicas and primaries spread
/// evenly, few moves. A primary is rather exchanged with its standby, which moves nothing, than moved.
/// </summary>
public static class ReplicaPlacement
{
    /// <summary>Says for each block where its replicas should be. A pure function: the same input gives the same plan.</summary>
    /// <param name="current">Where they are, by block.</param>
    /// <param name="silos">The silos that take replicas, at least one, in an order that starts anywhere.</param>
    /// <param name="isReplicated">Whether each block has a standby where there are two silos.</param>
    public static IReadOnlyList<ReplicaSilos> Plan(IReadOnlyList<ReplicaSilos> current, IReadOnlyList<string> silos, bool isReplicated)
    {
        ArgumentNullException.ThrowIfNull(current);
        ArgumentNullException.ThrowIfNull(silos);
        ArgumentOutOfRangeException.ThrowIfZero(silos.Count);
        var at = silos.Select((silo, i) => (silo, i)).ToDictionary(x => x.silo, x => x.i, StringComparer.Ordinal);
        var primaries = current.Select(c => IndexOf(at, c.Primary)).ToArray();
        var standbys = current.Select(c => IndexOf(at, c.Standby)).ToArray();
        if (isReplicated && silos.Count > 1) new Balance(primaries, standbys, silos.Count).Run();
        else
        {
            for (var b = 0; b < primaries.Length; b++)
                if (primaries[b] < 0) primaries[b] = standbys[b];
            primaries = BlockPlacement.Plan(primaries, silos.Count);
            Array.Fill(standbys, BlockPlacement.Nowhere);
        }
        return [.. primaries.Select((p, b) => new ReplicaSilos(silos[p], standbys[b] < 0 ? null : silos[standbys[b]]))];
    }

    private static int IndexOf(Dictionary<string, int> at, string? silo) =>
        silo is not null && at.TryGetValue(silo, out var index) ? index : BlockPlacement.Nowhere;

    private sealed class Balance(int[] primaries, int[] standbys, int silos)
    {
        private readonly int[] _replicas = new int[silos];
        private readonly int[] _primaries = new int[silos];

        public void Run()
        {
            for (var b = 0; b < primaries.Length; b++) Count(b);
            for (var b = 0; b < primaries.Length; b++) Complete(b);
            while (TryEvenReplicas()) { }
            while (TryEvenPrimaries()) { }
        }

        private void Count(int b)
        {
            if (primaries[b] < 0) (primaries[b], standbys[b]) = (standbys[b], BlockPlacement.Nowhere);
            if (primaries[b] >= 0) Add(ref primaries[b], primaries[b], isPrimary: true);
            if (standbys[b] >= 0) Add(ref standbys[b], standbys[b], isPrimary: false);
        }

        private void Complete(int b)
        {
            if (primaries[b] < 0) Add(ref primaries[b], Emptiest(except: BlockPlacement.Nowhere), isPrimary: true);
            if (standbys[b] < 0) Add(ref standbys[b], Emptiest(except: primaries[b]), isPrimary: false);
        }

        private void Add(ref int place, int silo, bool isPrimary)
        {
            place = silo;
            _replicas[silo]++;
            if (isPrimary) _primaries[silo]++;
        }

        private int Emptiest(int except)
        {
            var best = -1;
            for (var s = 0; s < silos; s++)
                if (s != except && (best < 0 || (_replicas[s], _primaries[s]).CompareTo((_replicas[best], _primaries[best])) < 0)) best = s;
            return best;
        }

        /// <summary>Moves one replica from the fullest silo to the emptiest: a standby, or a primary that changes roles first.</summary>
        private bool TryEvenReplicas()
        {
            var (full, empty) = (Array.IndexOf(_replicas, _replicas.Max()), Array.IndexOf(_replicas, _replicas.Min()));
            if (_replicas[full] - _replicas[empty] < 2) return false;
            var block = -1;
            for (var b = 0; b < standbys.Length && block < 0; b++)
                if (standbys[b] == full && primaries[b] != empty) block = b;
            for (var b = 0; b < standbys.Length && block < 0; b++)
                if (primaries[b] == full && standbys[b] != empty) block = b;
            if (block < 0) return false;
            if (primaries[block] == full) Exchange(block);
            standbys[block] = empty;
            _replicas[full]--;
            _replicas[empty]++;
            return true;
        }

        private bool TryEvenPrimaries()
        {
            for (var b = 0; b < primaries.Length; b++)
            {
                if (_primaries[primaries[b]] - _primaries[standbys[b]] < 2) continue;
                Exchange(b);
                return true;
            }
            return false;
        }

        private void Exchange(int b)
        {
            _primaries[primaries[b]]--;
            (primaries[b], standbys[b]) = (standbys[b], primaries[b]);
            _primaries[primaries[b]]++;
        }
    }
}
