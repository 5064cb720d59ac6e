namespace OrleansPs.Core.Partitioning;

/// <summary>
/// Spreads blocks over silos: evenly, so that no two silos differ by more than one block, and with as few moves as that
/// allows when a silo comes or goes.
/// </summary>
public static class BlockPlacement
{
    /// <summary>Where a block is that is nowhere yet, or whose silo is gone.</summary>
    public const int Nowhere = -1;

    /// <summary>Says for each block on which silo it should be.</summary>
    /// <param name="current">For each block the index of its silo, or <see cref="Nowhere"/>.</param>
    /// <param name="silos">
    /// How many silos there are, >= 1. Where blocks don't divide evenly, the fullest get one more, of equal ones those first in line.
    /// </param>
    /// <returns>For each block the index of its silo. A pure function: the same input gives the same plan.</returns>
    public static int[] Plan(IReadOnlyList<int> current, int silos)
    {
        ArgumentNullException.ThrowIfNull(current);
        ArgumentOutOfRangeException.ThrowIfLessThan(silos, 1);
        var held = new int[silos];
        foreach (var silo in current)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(silo, silos, nameof(current));
            ArgumentOutOfRangeException.ThrowIfLessThan(silo, Nowhere, nameof(current));
            if (silo >= 0) held[silo]++;
        }
        var room = Rooms(held, current.Count);
        var plan = new int[current.Count];
        for (var b = 0; b < plan.Length; b++)
        {
            var stays = current[b] >= 0 && room[current[b]] > 0;
            plan[b] = stays ? current[b] : Nowhere;
            if (stays) room[current[b]]--;
        }
        var next = 0;
        for (var b = 0; b < plan.Length; b++)
        {
            if (plan[b] != Nowhere) continue;
            while (room[next] == 0) next = (next + 1) % silos;
            plan[b] = next;
            room[next]--;
            next = (next + 1) % silos;
        }
        return plan;
    }

    /// <summary>How many blocks each silo should hold: the fullest get the larger shares, so that they give up least.</summary>
    private static int[] Rooms(int[] held, int blocks)
    {
        var (share, more) = Math.DivRem(blocks, held.Length);
        var rooms = new int[held.Length];
        var fullestFirst = Enumerable.Range(0, held.Length).OrderByDescending(s => held[s]).ToArray();
        for (var i = 0; i < fullestFirst.Length; i++) rooms[fullestFirst[i]] = i < more ? share + 1 : share;
        return rooms;
    }
}
