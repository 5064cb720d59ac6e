namespace OrleansPs.Training;

/// <summary>
/// The order of a data set's examples in an epoch: a shuffle that depends on seed, epoch and size alone, the same on every
/// machine and in every version. (Fisher and Yates' shuffle with SplitMix64 numbers, Steele et al. 2014.)
/// </summary>
/// <remarks>Not thread safe: it keeps the last epoch's order.</remarks>
public sealed class EpochOrder
{
    private readonly int[] _order;
    private readonly ulong _seed;
    private long _epoch = -1;

    /// <summary>Makes the orders of a data set.</summary>
    /// <param name="examples">The size of the data set, >= 1.</param>
    /// <param name="seed">What makes one run's orders differ from another's.</param>
    public EpochOrder(int examples, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(examples);
        _order = new int[examples];
        _seed = seed;
    }

    /// <summary>The indices of all examples in the order of an epoch, valid until the next call.</summary>
    /// <param name="epoch">The epoch, >= 0.</param>
    public ReadOnlySpan<int> Of(long epoch)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        if (epoch != _epoch) Shuffle(epoch);
        return _order;
    }

    private void Shuffle(long epoch)
    {
        var random = new SplitMix64(SplitMix64.Mix(_seed) + (ulong)epoch);
        for (var i = 0; i < _order.Length; i++) _order[i] = i;
        for (var i = _order.Length - 1; i > 0; i--)
        {
            var j = random.Below(i + 1);
            (_order[i], _order[j]) = (_order[j], _order[i]);
        }
        _epoch = epoch;
    }
}
