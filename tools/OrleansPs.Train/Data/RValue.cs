namespace OrleansPs.Train.Data;

/// <summary>An object of R: a vector, a list or something that only has a name here.</summary>
/// <param name="Data">
/// An <c>int[]</c> (also of logicals; missing is <see cref="int.MinValue"/>), a <c>double[]</c>, a <c>string?[]</c> or a <c>RValue[]</c>;
/// null for R's NULL.
/// </param>
/// <param name="Attributes">Its attributes by name, such as <c>names</c> of a list.</param>
internal sealed record RValue(Array? Data, IReadOnlyDictionary<string, RValue> Attributes)
{
    private static readonly Dictionary<string, RValue> s_none = [];

    public static RValue Null { get; } = new(null, s_none);

    public static RValue Of(Array data) => new(data, s_none);

    /// <summary>The element of a list under a name; null if there is none.</summary>
    public RValue? this[string name] =>
        Data is RValue[] items && Names is { } names && Array.IndexOf(names, name) is >= 0 and var i && i < items.Length ? items[i] : null;

    /// <summary>The numbers of a numeric vector, integer or real; null if it is none.</summary>
    public double[]? Numbers => Data switch
    {
        double[] numbers => numbers,
        int[] numbers => Array.ConvertAll(numbers, n => n == int.MinValue ? double.NaN : n),
        _ => null,
    };

    private string?[]? Names => Attributes.TryGetValue("names", out var names) ? names.Data as string?[] : null;
}
