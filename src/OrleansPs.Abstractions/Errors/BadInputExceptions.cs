namespace OrleansPs;

/// <summary>A value of a <see cref="ModelSpec"/> breaks a rule.</summary>
public sealed class InvalidSpecException(string parameter, object? value, string rule)
    : ParameterServerException($"{parameter} is {Show(value)}: {rule}")
{
    /// <summary>The path of the value, such as <c>Parameters["w"].Shape</c>.</summary>
    public string Parameter { get; } = parameter;

    /// <summary>The value.</summary>
    public object? Value { get; } = value;

    /// <summary>The rule it breaks.</summary>
    public string Rule { get; } = rule;

    internal static string Show(object? value) => value switch
    {
        null => "missing",
        string s => $"'{s}'",
        IFormattable f => f.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };
}

/// <summary>An option is out of its range.</summary>
public sealed class InvalidOptionsException(string parameter, object? value, string rule)
    : ParameterServerException($"{parameter} is {InvalidSpecException.Show(value)}: {rule}")
{
    /// <summary>The option.</summary>
    public string Parameter { get; } = parameter;

    /// <summary>The value.</summary>
    public object? Value { get; } = value;

    /// <summary>The rule it breaks.</summary>
    public string Rule { get; } = rule;
}

/// <summary>A spec differs from the one that a model or a snapshot was made with.</summary>
public sealed class SpecMismatchException(string model, string difference)
    : ParameterServerException($"The spec of model '{model}' differs from the existing one: {difference}")
{
    /// <summary>The model.</summary>
    public string Model { get; } = model;

    /// <summary>The first difference: what, and both values.</summary>
    public string Difference { get; } = difference;
}

/// <summary>There is no model of this name.</summary>
public sealed class UnknownModelException(string model)
    : ParameterServerException($"There is no model '{model}'. Create it first.")
{
    /// <summary>The name.</summary>
    public string Model { get; } = model;
}

/// <summary>There is no parameter of this name.</summary>
public sealed class UnknownParameterException(string parameter, IEnumerable<string> known)
    : ParameterServerException($"There is no parameter '{parameter}'. There are: {List(known)}.")
{
    /// <summary>The name.</summary>
    public string Parameter { get; } = parameter;

    internal static string List(IEnumerable<string> known)
    {
        var names = known.Take(9).ToArray();
        return names.Length == 0 ? "none" : string.Join(", ", names.Take(8)) + (names.Length > 8 ? ", ..." : "");
    }
}

/// <summary>There is no embedding table of this name.</summary>
public sealed class UnknownTableException(string table, IEnumerable<string> known)
    : ParameterServerException($"There is no table '{table}'. There are: {UnknownParameterException.List(known)}.")
{
    /// <summary>The name.</summary>
    public string Table { get; } = table;
}

/// <summary>The memory given for rows of a table is not keys x width floats.</summary>
public sealed class RowShapeException(string table, int keys, int width, int actual)
    : ParameterServerException(string.Create(System.Globalization.CultureInfo.InvariantCulture,
        $"{keys} rows of table '{table}' of width {width} are {(long)keys * width} floats; {actual} were given."))
{
    /// <summary>The table.</summary>
    public string Table { get; } = table;

    /// <summary>The number of keys given.</summary>
    public int Keys { get; } = keys;

    /// <summary>The table's width.</summary>
    public int Width { get; } = width;

    /// <summary>The number of floats given.</summary>
    public int Actual { get; } = actual;
}

/// <summary>More rows of a table in one step, or in one pull, than <see cref="EmbeddingTable.MaxRowsPerStep"/>.</summary>
public sealed class TooManyRowsException(string table, long rows, int limit)
    : ParameterServerException(string.Create(System.Globalization.CultureInfo.InvariantCulture,
        $"This would be {rows} rows of table '{table}'; MaxRowsPerStep is {limit}."))
{
    /// <summary>The table.</summary>
    public string Table { get; } = table;

    /// <summary>How many rows it would have been.</summary>
    public long Rows { get; } = rows;

    /// <summary>How many there may be.</summary>
    public int Limit { get; } = limit;
}

/// <summary>
/// A shard of a table would come to more rows than it may have, which follows from the bytes of a row and from the largest array. The shard is as it
/// was; other shards may have taken their part of the push.
/// </summary>
/// <remarks>A table whose <see cref="RowLifetime.Capacity"/> is set is never full.</remarks>
public sealed class TableFullException(string table, int shard, long rows, long limit)
    : ParameterServerException(string.Create(System.Globalization.CultureInfo.InvariantCulture,
        $"Shard {shard} of table '{table}' may have {limit} rows, and would come to more: {rows} are there or were given. Give the table more Shards, or a Capacity."))
{
    /// <summary>The table.</summary>
    public string Table { get; } = table;

    /// <summary>The shard, 0 to <see cref="EmbeddingTable.Shards"/> - 1.</summary>
    public int Shard { get; } = shard;

    /// <summary>How many rows it has, or was to be made with.</summary>
    public long Rows { get; } = rows;

    /// <summary>How many it may have.</summary>
    public long Limit { get; } = limit;
}

/// <summary>Memory given for a parameter has not the parameter's length.</summary>
public sealed class ShapeMismatchException(string parameter, string shape, int expected, int actual)
    : ParameterServerException(
        $"Parameter '{parameter}' has shape {shape}, which is {expected} floats; {actual} were given.")
{
    /// <summary>The parameter.</summary>
    public string Parameter { get; } = parameter;

    /// <summary>The parameter's number of elements.</summary>
    public int Expected { get; } = expected;

    /// <summary>The number of elements given.</summary>
    public int Actual { get; } = actual;
}

/// <summary>A gradient has a NaN or an infinity, and the model's policy is to reject it.</summary>
public sealed class NonFiniteGradientException(string parameter, int index, float value)
    : ParameterServerException(string.Create(System.Globalization.CultureInfo.InvariantCulture,
        $"The gradient of '{parameter}' has {value} at element {index}; only finite numbers are accepted."))
{
    /// <summary>The parameter.</summary>
    public string Parameter { get; } = parameter;

    /// <summary>The first such element.</summary>
    public int Index { get; } = index;

    /// <summary>Its value.</summary>
    public float Value { get; } = value;
}

/// <summary>Values that were to be loaded don't match a model's parameters. Nothing was changed.</summary>
public sealed class WeightMismatchException(string model, string differences)
    : ParameterServerException($"The values don't match the parameters of model '{model}': {differences}.")
{
    /// <summary>The model.</summary>
    public string Model { get; } = model;

    /// <summary>What does not match, see <see cref="LoadReport.Differences"/>.</summary>
    public string Differences { get; } = differences;
}

/// <summary>Saved residuals are damaged, or not those that a session can take over. Nothing was changed.</summary>
public sealed class ResidualsException(string model, int rank, string problem)
    : ParameterServerException($"The saved residuals can't be loaded by rank {rank} of model '{model}': {problem}")
{
    /// <summary>The session's model.</summary>
    public string Model { get; } = model;

    /// <summary>The session's rank.</summary>
    public int Rank { get; } = rank;

    /// <summary>What is wrong with them.</summary>
    public string Problem { get; } = problem;
}

/// <summary>A data file is not what its format says.</summary>
public sealed class DataFormatException(string file, string problem)
    : ParameterServerException($"{file}: {problem}")
{
    /// <summary>The file.</summary>
    public string File { get; } = file;

    /// <summary>What is wrong with it.</summary>
    public string Problem { get; } = problem;
}
