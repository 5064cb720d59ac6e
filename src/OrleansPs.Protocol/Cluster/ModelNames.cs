namespace OrleansPs.Protocol;

/// <summary>What a model's name may look like, since it becomes part of keys.</summary>
internal static class ModelNames
{
    public static bool IsName(string name) =>
        name is { Length: > 0 and <= 128 } && name[0] != '.'
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');
}
