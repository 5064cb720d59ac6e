namespace OrleansPs.Simulation;

/// <summary>Holds a piece of a counting parameter against what may be in it.</summary>
internal static class CounterCheck
{
    /// <summary>Finds the first wrong count.</summary>
    /// <param name="values">The piece's values.</param>
    /// <param name="start">Its first element's index in the parameter.</param>
    /// <param name="low">By push: whether it has to be in it.</param>
    /// <param name="high">By push: whether it may be in it.</param>
    /// <param name="twice">By push: whether it may be in it twice, or not at all.</param>
    /// <returns>What is wrong, or null.</returns>
    public static (int Id, string Problem)? FirstWrong(
        ReadOnlySpan<float> values, int start, ReadOnlySpan<bool> low, ReadOnlySpan<bool> high, ReadOnlySpan<bool> twice)
    {
        var size = low.Length;
        for (var i = 0; i < size; i++)
        {
            var id = (start + i) % size;
            var count = values[i];
            if (twice[id] && count is (0 or 1 or 2)) continue;
            if (count is not (0 or 1)) return (id, $"is in it {count} times");
            if (count == 0 && low[id]) return (id, "is missing");
            if (count == 1 && !high[id]) return (id, "is in it, and should not be");
        }
        // All elements with the same index modulo the size have the same history.
        var torn = values[size..].CommonPrefixLength(values[..^size]);
        return torn < values.Length - size ? ((start + torn) % size, $"is torn at element {start + size + torn}") : null;
    }
}
