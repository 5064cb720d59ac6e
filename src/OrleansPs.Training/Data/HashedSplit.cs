namespace OrleansPs.Training;

/// <summary>
/// Decides which examples are to test with: by a hash of what identifies an example and of a seed, so that it depends neither on the order of
/// the examples nor on what others there are.
/// </summary>
public readonly record struct HashedSplit
{
    private readonly ulong _seed;
    private readonly double _share;

    /// <summary>Makes a split.</summary>
    /// <param name="testShare">The share of examples to test with, 0 to 1.</param>
    /// <param name="seed">What makes one split differ from another.</param>
    public HashedSplit(double testShare, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(testShare);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(testShare, 1);
        (_share, _seed) = (testShare, SplitMix64.Mix(seed + 1));
    }

    /// <summary>Whether an example is one to test with.</summary>
    /// <param name="identity">What identifies it, such as its number.</param>
    public bool IsTest(ulong identity) => new SplitMix64(_seed ^ SplitMix64.Mix(identity)).NextUnit() < _share;

    /// <summary>Whether an example that two numbers identify, such as a user and an item, is one to test with.</summary>
    public bool IsTest(ulong first, ulong second) => IsTest(SplitMix64.Mix(first + 0x9E3779B97F4A7C15) + second);
}
