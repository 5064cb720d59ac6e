using System.Globalization;

namespace OrleansPs.Core.Snapshots;

/// <summary>
/// The names of chunks in a storage, such as <c>g2-c17-b4-e1</c>: generation 2, cut 17, block 4, epoch 1. Two chunks
/// that may differ never share one, so a late write of an aborted cut or of a deposed replica overwrites nothing.
/// </summary>
public static class ChunkName
{
    /// <summary>The name of a chunk.</summary>
    /// <param name="generation">The model's generation, >= 0.</param>
    /// <param name="cut">The cut, >= 0.</param>
    /// <param name="block">The block's index, >= 0.</param>
    /// <param name="epoch">The block's epoch, >= 0.</param>
    public static string Of(long generation, long cut, int block, long epoch)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(generation);
        ArgumentOutOfRangeException.ThrowIfNegative(cut);
        ArgumentOutOfRangeException.ThrowIfNegative(block);
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        return string.Create(CultureInfo.InvariantCulture, $"g{generation}-c{cut}-b{block}-e{epoch}");
    }

    /// <summary>Reads a name; nothing but the exact text that <see cref="Of"/> makes is accepted.</summary>
    /// <param name="model">The model, which the name does not hold.</param>
    /// <param name="name">The name.</param>
    /// <param name="identity">What it says.</param>
    public static bool TryParse(string model, string name, out ChunkIdentity identity)
    {
        ArgumentNullException.ThrowIfNull(name);
        identity = default;
        var parts = name.Split('-');
        if (parts.Length != 4
            || !TryNumber(parts[0], 'g', out var generation) || !TryNumber(parts[1], 'c', out var cut)
            || !TryNumber(parts[2], 'b', out var block) || !TryNumber(parts[3], 'e', out var epoch)
            || block > int.MaxValue)
        {
            return false;
        }
        identity = new(model, generation, cut, (int)block, epoch);
        return identity.Name == name;
    }

    private static bool TryNumber(string part, char letter, out long number)
    {
        number = 0;
        return part.Length > 1 && part[0] == letter
            && long.TryParse(part.AsSpan(1), NumberStyles.None, CultureInfo.InvariantCulture, out number);
    }
}
