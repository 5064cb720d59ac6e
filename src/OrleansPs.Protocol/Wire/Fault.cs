namespace OrleansPs.Protocol;

/// <summary>Which error a <see cref="Fault"/> stands for. Numbers are for ever.</summary>
public enum FaultKind : byte
{
    /// <summary>An error that has no kind of its own: something went wrong on the silo.</summary>
    Other = 0,

    /// <summary><see cref="InvalidSpecException"/>.</summary>
    InvalidSpec = 1,

    /// <summary><see cref="InvalidOptionsException"/>.</summary>
    InvalidOptions = 2,

    /// <summary><see cref="SpecMismatchException"/>.</summary>
    SpecMismatch = 3,

    /// <summary><see cref="UnknownModelException"/>.</summary>
    UnknownModel = 4,

    /// <summary><see cref="SnapshotNotFoundException"/>.</summary>
    SnapshotNotFound = 5,

    /// <summary><see cref="SnapshotCorruptException"/>.</summary>
    SnapshotCorrupt = 6,

    /// <summary><see cref="SnapshotAbortedException"/>.</summary>
    SnapshotAborted = 7,

    /// <summary><see cref="SnapshotStorageException"/>.</summary>
    SnapshotStorage = 8,

    /// <summary><see cref="ServerUnavailableException"/>.</summary>
    Unavailable = 9,
}

/// <summary>A typed error on its way to the caller.</summary>
/// <param name="Kind">Which one.</param>
/// <param name="Texts">What the exception is made of, in the order of its constructor; null where it has nothing.</param>
/// <param name="Number">Its number, such as a cut; null where it has none.</param>
/// <param name="IsTransient">Whether the same call may succeed later.</param>
[GenerateSerializer, Alias("orleansps.Fault")]
public sealed record Fault(
    [property: Id(0)] FaultKind Kind, [property: Id(1)] string?[] Texts, [property: Id(2)] long? Number,
    [property: Id(3)] bool IsTransient)
{
    /// <summary>What stands for an error.</summary>
    public static Fault Of(ParameterServerException error) => error switch
    {
        InvalidSpecException e => new(FaultKind.InvalidSpec, [e.Parameter, Text(e.Value), e.Rule], null, false),
        InvalidOptionsException e => new(FaultKind.InvalidOptions, [e.Parameter, Text(e.Value), e.Rule], null, false),
        SpecMismatchException e => new(FaultKind.SpecMismatch, [e.Model, e.Difference], null, false),
        UnknownModelException e => new(FaultKind.UnknownModel, [e.Model], null, false),
        SnapshotNotFoundException e => new(FaultKind.SnapshotNotFound, [e.Model], e.Cut, false),
        SnapshotCorruptException e => new(FaultKind.SnapshotCorrupt, [e.Name, e.Problem], null, false),
        SnapshotAbortedException e => new(FaultKind.SnapshotAborted, [e.Model, e.Reason], e.Cut, true),
        SnapshotStorageException e => new(FaultKind.SnapshotStorage, [e.Location, ProblemOf(e)], null, e.IsTransient),
        ServerUnavailableException e => new(FaultKind.Unavailable, [e.Message], null, true),
        null => throw new ArgumentNullException(nameof(error)),
        _ => new(FaultKind.Other, [error.Message], null, error.IsTransient),
    };

    /// <summary>The error again.</summary>
    public ParameterServerException ToException() => Kind switch
    {
        FaultKind.InvalidSpec => new InvalidSpecException(At(0), Value(1), At(2)),
        FaultKind.InvalidOptions => new InvalidOptionsException(At(0), Value(1), At(2)),
        FaultKind.SpecMismatch => new SpecMismatchException(At(0), At(1)),
        FaultKind.UnknownModel => new UnknownModelException(At(0)),
        FaultKind.SnapshotNotFound => new SnapshotNotFoundException(At(0), Number),
        FaultKind.SnapshotCorrupt => new SnapshotCorruptException(At(0), At(1)),
        FaultKind.SnapshotAborted => new SnapshotAbortedException(At(0), Number ?? 0, At(1)),
        FaultKind.SnapshotStorage => new SnapshotStorageException(At(0), At(1), IsTransient),
        _ when Kind == FaultKind.Unavailable || IsTransient => new ServerUnavailableException(At(0)),
        _ => new WorkerStateException(At(0)),
    };

    // Numbers and times stay what they are; whatever else it was, the message reads as it did.
    private static string? Text(object? value) => value switch
    {
        null => null,
        string text => "s" + text,
        int number => "i" + number.ToString(System.Globalization.CultureInfo.InvariantCulture),
        IFormattable number => "n" + number.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
        _ => "n" + value,
    };

    private static string ProblemOf(SnapshotStorageException error) =>
        error.Message.StartsWith(error.Location + ": ", StringComparison.Ordinal) ? error.Message[(error.Location.Length + 2)..] : error.Message;

    private string At(int index) => index < Texts.Length ? Texts[index] ?? "" : "";

    private object? Value(int index)
    {
        var text = index < Texts.Length ? Texts[index] : null;
        return text is null or "" ? null
            : text[0] == 's' ? text[1..]
            : text[0] == 'i' && int.TryParse(text[1..], System.Globalization.CultureInfo.InvariantCulture, out var small) ? small
            : long.TryParse(text[1..], System.Globalization.CultureInfo.InvariantCulture, out var number) ? number
            : TimeSpan.TryParseExact(text[1..], "c", System.Globalization.CultureInfo.InvariantCulture, out var time) && time.ToString() == text[1..] ? time
            : new Verbatim(text[1..]);
    }

    private sealed record Verbatim(string Value)
    {
        public override string ToString() => Value;
    }
}

/// <summary>What a call came to: a value, or a typed error.</summary>
/// <typeparam name="T">The value's type.</typeparam>
/// <param name="Value">The value; without meaning beside a fault.</param>
/// <param name="Fault">The error, or null.</param>
[GenerateSerializer, Alias("orleansps.Outcome`1")]
public readonly record struct Outcome<T>([property: Id(0)] T? Value, [property: Id(1)] Fault? Fault)
{
    /// <summary>The value.</summary>
    /// <exception cref="ParameterServerException">The call failed.</exception>
    public T Get() => Fault is null ? Value! : throw Fault.ToException();
}
